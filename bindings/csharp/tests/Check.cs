using System;
using System.Threading;
using System.Threading.Tasks;

namespace Poslatch.Tests
{
    /// <summary>What a test holds to be true; says both sides when it is not.</summary>
    internal static class Check
    {
        /// <summary>A net for what never happens.</summary>
        internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        internal static void Equal<T>(T expected, T found)
        {
            if (!Equals(expected, found))
            {
                throw new CheckFailed("expected: " + expected + "\nfound:    " + found);
            }
        }

        internal static void True(bool condition, string what)
        {
            if (!condition)
            {
                throw new CheckFailed("not so: " + what);
            }
        }

        internal static void Contains(string part, string text)
        {
            if (text == null || text.IndexOf(part, StringComparison.Ordinal) < 0)
            {
                throw new CheckFailed("expected \"" + part + "\" in:\n" + text);
            }
        }

        /// <summary>Exactly this type, and returns what was thrown.</summary>
        internal static T Throws<T>(Action act)
            where T : Exception
        {
            try
            {
                act();
            }
            catch (T thrown) when (thrown.GetType() == typeof(T))
            {
                return thrown;
            }
            catch (Exception thrown)
            {
                throw new CheckFailed("expected " + typeof(T).Name + ", found " + thrown);
            }
            throw new CheckFailed("expected " + typeof(T).Name + ", nothing was thrown");
        }

        internal static PoslatchException Fails(Status status, Action act)
        {
            PoslatchException error = Throws<PoslatchException>(act);
            if (error.Status != status)
            {
                throw new CheckFailed("expected " + status + ", found " + error.Status + ": " + error);
            }
            return error;
        }

        /// <summary>As `await` would: the very exception, not an AggregateException.</summary>
        internal static T Result<T>(Task<T> task)
        {
            if (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(Patience))
            {
                throw new CheckFailed("the task does not end");
            }
            return task.GetAwaiter().GetResult();
        }

        internal static void Wait(WaitHandle handle, string what)
        {
            if (!handle.WaitOne(Patience))
            {
                throw new CheckFailed("did not happen: " + what);
            }
        }

        internal static void Join(Thread thread)
        {
            if (!thread.Join(Patience))
            {
                throw new CheckFailed("a thread does not end");
            }
        }
    }

    internal sealed class CheckFailed : Exception
    {
        internal CheckFailed(string message)
            : base(message)
        {
        }
    }
}
