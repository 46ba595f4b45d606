using System;
using System.Runtime.InteropServices;

namespace Poslatch.Native
{
    /// <summary>
    /// A passphrase or a code on its way to the library: UTF-8 with a NUL, in memory that the collector cannot copy
    /// elsewhere, wiped as soon as the call is over.
    /// </summary>
    internal sealed class Secret : IDisposable
    {
        private GCHandle pin;

        private Secret(int size)
        {
            Bytes = new byte[size + 1];
            pin = GCHandle.Alloc(Bytes, GCHandleType.Pinned);
        }

        private Secret()
        {
        }

        /// <summary>What is handed to C; null for none.</summary>
        internal byte[] Bytes { get; }

        internal static Secret Of(string text, string name)
        {
            if (text == null)
            {
                return new Secret();
            }
            Utf8.RefuseNul(text.IndexOf('\0'), name);
            var secret = new Secret(Utf8.Count(text, name));
            Utf8.Encode(text, secret.Bytes);
            return secret;
        }

        internal static Secret Of(char[] text, string name)
        {
            if (text == null)
            {
                return new Secret();
            }
            Utf8.RefuseNul(Array.IndexOf(text, '\0'), name);
            var secret = new Secret(Utf8.Count(text, name));
            Utf8.Encode(text, secret.Bytes);
            return secret;
        }

        internal static Secret Required(string text, string name)
        {
            if (text == null)
            {
                throw new ArgumentNullException(name);
            }
            return Of(text, name);
        }

        public void Dispose()
        {
            if (pin.IsAllocated)
            {
                Array.Clear(Bytes, 0, Bytes.Length);
                pin.Free();
            }
        }
    }
}
