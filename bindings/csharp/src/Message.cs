namespace Poslatch
{
    /// <summary>A message of the device that belongs to no exchange.</summary>
    public sealed class Message
    {
        internal Message(MessageKind kind, string json)
        {
            Kind = kind;
            Json = json;
        }

        /// <summary>What it is, judged by its type.</summary>
        public MessageKind Kind { get; }

        /// <summary>The device's JSON.</summary>
        public string Json { get; }

        /// <summary>The device's JSON.</summary>
        /// <returns><see cref="Json"/>.</returns>
        public override string ToString()
        {
            return Json;
        }
    }
}
