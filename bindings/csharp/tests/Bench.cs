using System;

namespace Poslatch.Tests
{
    /// <summary>A device and a till that is paired with it: what most tests begin with.</summary>
    internal sealed class Bench : IDisposable
    {
        private static readonly Lazy<Bench> TheShared = new Lazy<Bench>(() => new Bench());

        internal Bench(params string[] simulatorArguments)
        {
            Scratch = new Scratch();
            Simulator = new Simulator(Scratch, simulatorArguments);
            Identity = Simulator.Pair();
        }

        /// <summary>
        /// One for all tests that a healthy device will do for, and that give their payments references of their own.
        /// Making a device's keys takes longer than most tests.
        /// </summary>
        internal static Bench Shared
        {
            get { return TheShared.Value; }
        }

        internal static void DisposeShared()
        {
            if (TheShared.IsValueCreated)
            {
                TheShared.Value.Dispose();
            }
        }

        /// <summary>A payment that stays at its first step for as long as any test lives.</summary>
        internal static Bench ThatHoldsPayments()
        {
            return new Bench("--step-pause", "600000");
        }

        internal Scratch Scratch { get; }

        internal Simulator Simulator { get; }

        internal Identity Identity { get; }

        internal Connection Open()
        {
            return Simulator.Open(Identity);
        }

        internal static string Payment(string reference)
        {
            return "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"" + reference
                + "\",\"amountDetails\":{\"amount\":\"1.00\",\"currency\":\"USD\"}}";
        }

        public void Dispose()
        {
            Identity.Dispose();
            Simulator.Dispose();
            Scratch.Dispose();
        }
    }
}
