using System;
using System.Runtime.Serialization;

namespace Poslatch
{
    /// <summary>
    /// The native library could not be loaded, or does not fit this assembly. The message names the process's bitness,
    /// each place that was looked at, what was wrong with what was found there, and what to do. Any use of this
    /// assembly may throw it until one has succeeded; a program that wants to know at its start calls
    /// <see cref="PoslatchLibrary.Load"/>.
    /// </summary>
    [Serializable]
    public sealed class PoslatchLibraryException : DllNotFoundException
    {
        internal PoslatchLibraryException(string message)
            : base(message)
        {
        }

        private PoslatchLibraryException(SerializationInfo info, StreamingContext context)
            : base(info, context)
        {
        }
    }
}
