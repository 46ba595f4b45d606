using System;

namespace Poslatch.Native
{
    /// <summary>Arguments on their way to C, in the units that C has.</summary>
    internal static class Arguments
    {
        /// <summary>Milliseconds; what is shorter than one counts as one, since zero means the default.</summary>
        /// <exception cref="ArgumentOutOfRangeException">
        /// Negative: nothing here waits without end; or over 49 days.
        /// </exception>
        internal static uint Milliseconds(TimeSpan time, string name)
        {
            double ms = Math.Ceiling(time.TotalMilliseconds);
            if (ms < 0 || ms > uint.MaxValue)
            {
                throw new ArgumentOutOfRangeException(name, time, "Give a time between zero, the default, and 49 days.");
            }
            return (uint)ms;
        }

        internal static uint Count(int count, string name)
        {
            if (count < 0)
            {
                throw new ArgumentOutOfRangeException(name, count, "Give zero or more.");
            }
            return (uint)count;
        }
    }
}
