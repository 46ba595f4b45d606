using System;
using System.Collections.Generic;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>Eight threads at once.</summary>
    public sealed class ThreadTests : IDisposable
    {
        private const int Threads = 8;
        private const int Payments = 10;

        private readonly Bench bench = new Bench("--step-pause", "1");

        public void Dispose()
        {
            bench.Dispose();
        }

        public void eight_threads_pay_over_connections_of_their_own()
        {
            InParallel(thread =>
            {
                using (Connection connection = bench.Open())
                {
                    for (int i = 0; i < Payments; i++)
                    {
                        string reference = "own-" + thread + "-" + i;
                        int statuses = 0;
                        string reply;
                        do
                        {
                            // One device takes one payment at a time, and says so.
                            reply = connection.Exchange(Bench.Payment(reference), json => statuses++);
                        }
                        while (reply.Contains("Terminal busy"));
                        Check.Contains(reference, reply);
                        Check.Equal(2, statuses);
                    }
                }
            });
        }

        public void eight_threads_share_a_connection_and_each_gets_its_own_reply_or_busy()
        {
            using (Connection connection = bench.Open())
            {
                InParallel(thread =>
                {
                    for (int i = 0; i < Payments; i++)
                    {
                        string reference = "shared-" + thread + "-" + i;
                        while (true)
                        {
                            try
                            {
                                Check.Contains(reference, connection.Exchange(Bench.Payment(reference)));
                                break;
                            }
                            catch (PoslatchException error) when (error.Status == Status.Busy)
                            {
                                Check.Equal(RequestState.NotSent, error.RequestState);
                                Thread.Yield();
                            }
                        }
                    }
                });
            }
        }

        public void eight_threads_share_a_device_and_an_identity()
        {
            using (Device device = bench.Simulator.Device())
            {
                InParallel(thread =>
                {
                    using (Connection connection = device.OpenMtls(bench.Identity))
                    {
                        Check.Equal("1001", bench.Identity.PosId);
                        Check.Equal(ConnectionState.Open, connection.State);
                    }
                });
            }
        }

        private static void InParallel(Action<int> act)
        {
            var failures = new List<Exception>();
            var threads = new List<Thread>();
            for (int i = 0; i < Threads; i++)
            {
                int number = i;
                var thread = new Thread(() =>
                {
                    try
                    {
                        act(number);
                    }
                    catch (Exception failure)
                    {
                        lock (failures)
                        {
                            failures.Add(failure);
                        }
                    }
                });
                threads.Add(thread);
                thread.Start();
            }
            threads.ForEach(Check.Join);
            if (failures.Count > 0)
            {
                throw new AggregateException(failures);
            }
        }
    }
}
