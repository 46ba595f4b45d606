using System;
using System.Threading;
using System.Threading.Tasks;

namespace Poslatch
{
    /// <summary>
    /// The ...Async twins: each runs its blocking call on a thread of its own, not on the pool's, which a few waiting
    /// payments would exhaust.
    /// </summary>
    internal static class Background
    {
        /// <summary>
        /// Runs the call. When the token is cancelled, <paramref name="cancel"/> is made to end it, and how it ends
        /// decides: what has succeeded all the same is returned, what is in doubt is a <see cref="PoslatchException"/>,
        /// and only a call that certainly did nothing is a cancellation.
        /// </summary>
        internal static Task<T> Run<T>(Func<T> call, Action cancel, CancellationToken token)
        {
            return Task.Factory.StartNew(
                () =>
                {
                    using (new Canceller(cancel, token))
                    {
                        try
                        {
                            return call();
                        }
                        catch (PoslatchException error) when (token.IsCancellationRequested && IsCancellation(error))
                        {
                            throw new OperationCanceledException(error.Message, error, token);
                        }
                    }
                },
                token,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
                TaskScheduler.Default);
        }

        internal static Task Run(Action call, Action cancel, CancellationToken token)
        {
            return Run(
                () =>
                {
                    call();
                    return true;
                },
                cancel,
                token);
        }

        /// <summary>Lets a task end by itself; its failure is nobody's concern any more.</summary>
        internal static void Forget(Task task)
        {
            task.ContinueWith(
                ended => GC.KeepAlive(ended.Exception),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        /// <summary>Closed, too: the closing may have come first.</summary>
        private static bool IsCancellation(PoslatchException error)
        {
            return !error.IsInDoubt && (error.Status == Status.Cancelled || error.Status == Status.Closed);
        }

        /// <summary>
        /// Interrupts again and again until the call has left: an interruption that comes before the call has begun
        /// would be without effect, and one that comes after it would hit another call.
        /// </summary>
        private sealed class Canceller : IDisposable
        {
            private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

            private readonly object gate = new object();
            private readonly Action cancel;
            private readonly CancellationTokenRegistration registration;
            private Timer timer;
            private bool hasLeft;

            internal Canceller(Action cancel, CancellationToken token)
            {
                this.cancel = cancel;
                if (cancel != null)
                {
                    registration = token.Register(Begin);
                }
            }

            public void Dispose()
            {
                lock (gate)
                {
                    hasLeft = true;
                    if (timer != null)
                    {
                        timer.Dispose();
                    }
                }
                registration.Dispose();
            }

            private void Begin()
            {
                lock (gate)
                {
                    if (!hasLeft)
                    {
                        timer = new Timer(state => Again(), null, Pause, Pause);
                    }
                }
                Again();
            }

            private void Again()
            {
                lock (gate)
                {
                    if (!hasLeft)
                    {
                        cancel();
                    }
                }
            }
        }
    }
}
