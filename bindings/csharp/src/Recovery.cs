namespace Poslatch
{
    /// <summary>What a device knows of a request whose reply was lost.</summary>
    public sealed class Recovery
    {
        internal Recovery(RecoveryOutcome outcome, string reply)
        {
            Outcome = outcome;
            Reply = reply;
        }

        /// <summary>
        /// Whether the request has ended. Only with <see cref="RecoveryOutcome.Final"/> may the till act on the reply;
        /// with the others, nothing may be repeated before somebody has looked.
        /// </summary>
        public RecoveryOutcome Outcome { get; }

        /// <summary>
        /// The device's last answer, as JSON. How a request has ended stands in its processingDetails.status.
        /// </summary>
        public string Reply { get; }
    }
}
