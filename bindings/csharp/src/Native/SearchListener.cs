using System;
using System.Threading;

namespace Poslatch.Native
{
    /// <summary>
    /// Stands between a search and the till's progress callback: nothing may unwind through C. Unlike a payment, a
    /// search that the till stumbles over may end there.
    /// </summary>
    internal sealed class SearchListener
    {
        private readonly Action<int, int> onProgress;
        private Exception thrown;

        internal SearchListener(Action<int, int> onProgress)
        {
            this.onProgress = onProgress;
        }

        internal int Hear(IntPtr user, uint tried, uint total)
        {
            try
            {
                onProgress((int)tried, (int)total);
                return 0;
            }
            catch (ThreadAbortException abort)
            {
                // It would go on by itself at the end of this block.
                Thread.ResetAbort();
                thrown = abort;
            }
            catch (Exception exception)
            {
                thrown = exception;
            }
            return 1;
        }

        /// <summary>Lets the callback's exception out, after the search that it has ended.</summary>
        internal void Rethrow()
        {
            if (thrown is ThreadAbortException abort)
            {
                Thread.CurrentThread.Abort(abort.ExceptionState);
            }
            if (thrown != null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(thrown).Throw();
            }
        }
    }
}
