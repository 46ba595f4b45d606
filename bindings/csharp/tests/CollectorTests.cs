using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>Objects that nobody refers to any more, and the collector in the midst of calls.</summary>
    public sealed class CollectorTests : IDisposable
    {
        private readonly Bench bench = Bench.Shared;

        public void Dispose()
        {
            PoslatchLibrary.SetLog(LogLevel.Off, null);
        }

        public void connections_that_are_forgotten_are_closed_by_the_collector()
        {
            const int Many = 50;
            int closed = 0;
            PoslatchLibrary.SetLog(LogLevel.Info, (level, text) =>
            {
                if (text.Contains("closed by the till"))
                {
                    Interlocked.Increment(ref closed);
                }
            });
            OnAThreadOfItsOwn(() =>
            {
                for (int i = 0; i < Many; i++)
                {
                    Forget();
                }
            });
            // The last few may stay in a register or on a stack that the collector takes at its word.
            for (int round = 0; round < 50 && Volatile.Read(ref closed) < Many; round++)
            {
                Collect();
            }
            Check.True(closed >= Many - 2, closed + " of " + Many + " connections were closed");
            using (Connection connection = bench.Open())
            {
                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("collector-1")));
            }
        }

        public void objects_that_only_a_running_call_refers_to_stay_until_it_is_over()
        {
            using (var runs = new ManualResetEvent(false))
            {
                string reply = null;
                var till = new Thread(() => reply = PayWithNobodyHoldingOn(runs));
                till.Start();
                Check.Wait(runs, "the payment runs");
                while (!till.Join(0))
                {
                    Collect();
                }
                Check.Contains("APPROVED", reply);
            }
        }

        public void callback_is_kept_alive_through_collections_in_the_midst_of_the_call()
        {
            using (Connection connection = bench.Open())
            {
                int calls = 0;
                string reply = connection.Exchange(Bench.Payment("collector-2"), json =>
                {
                    calls++;
                    Collect();
                });
                Check.Contains("APPROVED", reply);
                Check.Equal(2, calls);
            }
        }

        public void log_callback_is_kept_alive_for_as_long_as_it_is_set()
        {
            int records = 0;
            SetLog(() => Interlocked.Increment(ref records));
            Collect();
            Collect();
            using (bench.Open())
            {
            }
            Check.True(records > 0, "it is still called");
        }

        public void failures_leave_nothing_behind()
        {
            using (Connection connection = bench.Open())
            {
                for (int i = 0; i < 2000; i++)
                {
                    Check.Fails(Status.RequestNotJson, () => connection.Exchange("no JSON"));
                }
                Collect();
                Check.Equal(ConnectionState.Open, connection.State);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Forget()
        {
            // Identity and device too: nobody disposes of anything here.
            Identity identity = Identity.FromPem(bench.Identity.ExportPem());
            GC.KeepAlive(bench.Simulator.Device().OpenMtls(identity));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private string PayWithNobodyHoldingOn(EventWaitHandle runs)
        {
            return bench.Simulator.Device().OpenMtls(Identity.FromPem(bench.Identity.ExportPem()))
                .Exchange(Bench.Payment("collector-3"), json => runs.Set());
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void SetLog(Action act)
        {
            PoslatchLibrary.SetLog(LogLevel.Info, (level, text) => act());
        }

        private static void OnAThreadOfItsOwn(Action act)
        {
            var thread = new Thread(() => act());
            thread.Start();
            Check.Join(thread);
        }

        private static void Collect()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
