using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Poslatch.Tests
{
    /// <summary>Payments by the blocking methods, and what a callback may do.</summary>
    public sealed class ExchangeTests
    {
        private readonly Bench bench = Bench.Shared;

        public void payment_is_approved_with_its_status_messages_on_the_calling_thread()
        {
            using (Connection connection = bench.Open())
            {
                var statuses = new List<string>();
                int here = Thread.CurrentThread.ManagedThreadId;
                string reply = connection.Exchange(Bench.Payment("sale-1"), json =>
                {
                    statuses.Add(json);
                    Check.Equal(here, Thread.CurrentThread.ManagedThreadId);
                });
                Check.Contains("\"status\":\"APPROVED\"", reply);
                Check.Equal(2, statuses.Count);
                Check.Contains("Present card", statuses[0]);
                Check.Equal(ConnectionState.Open, connection.State);
                Check.Equal(Simulator.Serial + ".cybs.seclib.io", connection.ServerName);
                Check.Equal("TLSv1.3", connection.TlsVersion);
            }
        }

        public void customer_of_a_scenario_enters_a_pin_or_thinks_better_of_it()
        {
            using (var scratch = new Scratch())
            {
                string scenario = scratch.Path("scenario.toml");
                File.WriteAllLines(scenario, new[]
                {
                    "[[payment]]", "reference = \"held-*\"", "hold = true",
                    "[[payment]]", "above = \"0.99\"", "effect = \"pin\"",
                });
                using (var shop = new Bench("--scenario", "\"" + scenario + "\""))
                using (Connection connection = shop.Open())
                {
                    var statuses = new List<string>();
                    string reply = connection.Exchange(Bench.Payment("by-pin"), statuses.Add);
                    Check.Contains("\"verificationMethod\":\"PIN\"", reply);
                    Check.Equal(3, statuses.Count);
                    Check.Contains("Enter PIN", statuses[1]);

                    string held = null;
                    var paying = new Thread(() => held = connection.Exchange(Bench.Payment("held-1")));
                    paying.Start();
                    shop.Simulator.WaitFor("display", "\"reference\":\"held-1\"", "\"step\":\"card\"");
                    Check.Equal("{\"cancelled\":true}", shop.Simulator.Press("display/cancel"));
                    Check.True(paying.Join(Check.Patience), "the payment ends");
                    Check.Contains("\"status\":\"ABORTED\"", held);
                    Check.Equal("{\"cancelled\":false}", shop.Simulator.Press("display/cancel"));
                }
            }
        }

        public void exception_of_the_callback_comes_out_with_its_stack_and_the_reply_is_kept_once()
        {
            using (Connection connection = bench.Open())
            {
                int calls = 0;
                var thrown = new FormatException("the till's own mistake");
                FormatException caught = Check.Throws<FormatException>(() =>
                    connection.Exchange(Bench.Payment("sale-2"), json => Fail(ref calls, thrown)));
                Check.True(ReferenceEquals(thrown, caught), "it is the very exception");
                Check.Contains(nameof(Fail), caught.StackTrace);
                Check.Equal(1, calls);
                Check.Contains("\"status\":\"APPROVED\"", connection.TakeUnclaimedReply());
                Check.Equal(null, connection.TakeUnclaimedReply());

                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("sale-3")));
            }
        }

        public void callback_that_fails_with_a_call_of_its_own_does_not_pass_it_off_as_the_payments_failure()
        {
            using (Connection connection = bench.Open())
            {
                // Of the payment, each of them would mean that nothing was sent: a till would send it again.
                var failures = new Dictionary<Type, Action>
                {
                    { typeof(PoslatchException), () => connection.Exchange(Bench.Payment("nested")) },
                    { typeof(ArgumentNullException), () => connection.Send(null) },
                    { typeof(ObjectDisposedException), () => throw new ObjectDisposedException("window") },
                    { typeof(OperationCanceledException), () => throw new OperationCanceledException() },
                };
                foreach (KeyValuePair<Type, Action> failure in failures)
                {
                    InvalidOperationException error = Check.Throws<InvalidOperationException>(() =>
                        connection.Exchange(Bench.Payment("outer-" + failure.Key.Name), json => failure.Value()));
                    Check.Equal(failure.Key, error.InnerException.GetType());
                    Check.Contains("TakeUnclaimedReply", error.Message);
                    string reply = connection.TakeUnclaimedReply();
                    Check.Contains("outer-" + failure.Key.Name, reply);
                    Check.Contains("\"status\":\"APPROVED\"", reply);
                }
            }
        }

        public void abort_of_the_thread_waits_for_the_end_of_the_payment()
        {
            if (Program.RuntimeName() != "Mono")
            {
                // .NET has no aborts. Mono and .NET Framework have: web servers end slow requests so.
                Check.Throws<PlatformNotSupportedException>(() => Thread.CurrentThread.Abort());
                return;
            }
            using (Connection connection = bench.Open())
            {
                var aborts = new Dictionary<string, Action<Thread>>
                {
                    { "abort-from-within", till => Thread.CurrentThread.Abort() },
                    { "abort-from-without", AbortFromAnotherThread },
                };
                foreach (KeyValuePair<string, Action<Thread>> abort in aborts)
                {
                    bool wasAborted = false;
                    var till = new Thread(() =>
                    {
                        try
                        {
                            connection.Exchange(Bench.Payment(abort.Key), json => abort.Value(Thread.CurrentThread));
                        }
                        catch (ThreadAbortException)
                        {
                            wasAborted = true;
                        }
                    });
                    till.Start();
                    Check.Join(till);
                    Check.True(wasAborted, "the thread was aborted in the end");
                    Check.Contains(abort.Key, connection.TakeUnclaimedReply());
                }
                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("after-the-aborts")));
            }
        }

        public void next_exchange_forgets_the_unclaimed_reply()
        {
            using (Connection connection = bench.Open())
            {
                Check.Throws<FormatException>(() => connection.Exchange(
                    Bench.Payment("sale-4"), json => throw new FormatException()));
                connection.Exchange(Bench.Payment("sale-5"));
                Check.Equal(null, connection.TakeUnclaimedReply());
            }
        }

        public void unclaimed_reply_survives_the_dispose()
        {
            Connection connection = bench.Open();
            Check.Throws<FormatException>(() => connection.Exchange(
                Bench.Payment("sale-6"), json => throw new FormatException()));
            connection.Dispose();
            Check.Contains("sale-6", connection.TakeUnclaimedReply());
        }

        public void failure_of_the_exchange_goes_before_the_exception_of_the_callback()
        {
            // With another, the reply might come before the close.
            using (var alone = Bench.ThatHoldsPayments())
            using (Connection connection = alone.Open())
            {
                var thrown = new FormatException("first");
                PoslatchException error = Check.Fails(Status.Cancelled, () =>
                    connection.Exchange(Bench.Payment("sale-7"), json =>
                    {
                        connection.Close();
                        throw thrown;
                    }));
                Check.True(error.IsInDoubt, "the payment is in doubt");
                Check.True(ReferenceEquals(thrown, error.InnerException), "the callback's exception is the inner one");
                Check.Equal(null, connection.TakeUnclaimedReply());
            }
        }

        public void callback_may_send_a_cancel()
        {
            using (var patient = Bench.ThatHoldsPayments())
            using (Connection connection = patient.Open())
            {
                string reply = connection.Exchange(Bench.Payment("sale-8"), json =>
                    connection.Send("{\"type\":\"CancelRequest\"}"));
                Check.Contains("\"status\":\"ABORTED\"", reply);
            }
        }

        public void answers_to_what_was_sent_by_hand_are_received()
        {
            using (Connection connection = bench.Open())
            {
                connection.Send(Bench.Payment("sale-9"));
                Message message;
                do
                {
                    message = connection.Receive(Check.Patience);
                }
                while (message.Kind == MessageKind.Status);
                Check.Equal(MessageKind.Reply, message.Kind);
                Check.Contains("sale-9", message.Json);
                Check.Fails(Status.ResponseTimeout, () => connection.Receive(TimeSpan.FromMilliseconds(1)));
            }
        }

        public void payment_that_has_ended_is_recovered_by_its_reference()
        {
            using (Connection connection = bench.Open())
            {
                connection.Exchange(Bench.Payment("sale-10"));
                Recovery recovery = connection.Recover("sale-10");
                Check.Equal(RecoveryOutcome.Final, recovery.Outcome);
                Check.Contains("APPROVED", recovery.Reply);
            }
        }

        public void journal_holds_what_is_in_doubt_until_it_is_forgotten()
        {
            using (var alone = Bench.ThatHoldsPayments())
            using (Device device =
                alone.Simulator.Device("wss", options => options.Journal = alone.Scratch.Path("journal")))
            using (Connection connection = device.OpenMtls(alone.Identity))
            {
                Check.Fails(Status.Cancelled, () =>
                    connection.Exchange(Bench.Payment("sale-11"), json => connection.Close()));
                Check.Contains("\"reference\":\"sale-11\"", device.JournalPending());
                device.JournalForget("sale-11");
                Check.Equal("[]", device.JournalPending());
            }
        }

        public void payment_over_https_is_approved()
        {
            using (Device device = bench.Simulator.Device("https"))
            using (Connection connection = device.OpenMtls(bench.Identity))
            {
                Check.Contains("APPROVED", connection.Exchange(Bench.Payment("sale-12")));
            }
        }

        public void times_below_zero_are_refused_and_short_ones_are_not_the_default()
        {
            using (Connection connection = bench.Open())
            {
                Check.Throws<ArgumentOutOfRangeException>(() =>
                    connection.Exchange(Bench.Payment("sale-13"), null, System.Threading.Timeout.InfiniteTimeSpan));
                Check.Fails(Status.ResponseTimeout, () => connection.Receive(TimeSpan.FromTicks(1)));
            }
        }

        /// <summary>Returns when it is asked for; it is granted only when the thread can be aborted.</summary>
        private static void AbortFromAnotherThread(Thread till)
        {
            new Thread(() => till.Abort()) { IsBackground = true }.Start();
            while ((till.ThreadState & ThreadState.AbortRequested) == 0)
            {
                Thread.Sleep(1);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Fail(ref int calls, Exception thrown)
        {
            calls++;
            throw thrown;
        }
    }
}
