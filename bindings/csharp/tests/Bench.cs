using System;

namespace Poslatch.Tests
{
    /// <summary>A device and a till that is paired with it: what most tests begin with.</summary>
    internal sealed class Bench : IDisposable
    {
        internal Bench(params string[] simulatorArguments)
        {
            Scratch = new Scratch();
            Simulator = new Simulator(Scratch, simulatorArguments);
            Identity = Simulator.Pair();
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
