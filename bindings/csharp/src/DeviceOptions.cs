using System;

namespace Poslatch
{
    /// <summary>
    /// The settings of a <see cref="Device"/>. They are read when the device is made; later changes have no effect on
    /// it.
    /// </summary>
    public sealed class DeviceOptions
    {
        /// <summary>
        /// The file of the Root CA chain that the merchant downloaded: PEM, or the JSON object with "certificateChain".
        /// This or <see cref="RootCaPem"/> is needed before anything can be opened. Default: none.
        /// </summary>
        public string RootCaFile { get; set; }

        /// <summary>
        /// The Root CA chain itself, in the forms of <see cref="RootCaFile"/>; only one of the two can be set. Default:
        /// none.
        /// </summary>
        public string RootCaPem { get; set; }

        /// <summary>
        /// The device's serial number, as its About screen shows it, or a whole DNS name: exactly this device is
        /// expected. After pairing it is not needed, since the identity remembers its device. Default: none, and then
        /// the first pairing takes any device of the vendor.
        /// </summary>
        public string Serial { get; set; }

        /// <summary>
        /// How the device has to prove that it is the right one when no identity remembers it, in place of
        /// <see cref="Serial"/>; only one of the two can be set. Default: none, which is
        /// <see cref="IdentityCheck.Domain"/>.
        /// </summary>
        public IdentityCheck? Check { get; set; }

        /// <summary>
        /// For <see cref="IdentityCheck.Name"/> the serial number or DNS name, for <see cref="IdentityCheck.Domain"/>
        /// the domain under which devices are named. Not without <see cref="Check"/>. Default: none.
        /// </summary>
        public string CheckName { get; set; }

        /// <summary>For resolving, connecting, TLS and WebSocket together. Default: zero, which is 10 s.</summary>
        public TimeSpan ConnectTimeout { get; set; }

        /// <summary>For the device's reply to a pairing request. Default: zero, which is 30 s.</summary>
        public TimeSpan PairingTimeout { get; set; }

        /// <summary>
        /// For a whole exchange, however much the device says meanwhile. Default: zero, which is no limit.
        /// </summary>
        public TimeSpan ExchangeTimeout { get; set; }

        /// <summary>
        /// Quiet time before a ping, and between pings, over wss. Zero sends none. Default: none, which is 10 s.
        /// </summary>
        public TimeSpan? PingInterval { get; set; }

        /// <summary>
        /// Pings that may stay unanswered before the device is taken to be gone; at least 1. Default: none, which is 2.
        /// </summary>
        public int? MissedPingsMax { get; set; }

        /// <summary>
        /// A file into which each request with a merchantReferenceCode is written before it is sent, and struck out at
        /// its final reply: what a till that has died does not know stands in <see cref="Device.JournalPending"/>. Any
        /// number of devices, threads and processes of one user may share it. Default: none.
        /// </summary>
        public string Journal { get; set; }

        /// <summary>
        /// For the library the later of two settings counts. Here they have no order, and a serial number that is
        /// given, but not checked, would be the worst of answers.
        /// </summary>
        internal void RefuseContradictions()
        {
            if (Serial != null && Check != null)
            {
                throw new ArgumentException(
                    "Give a serial number or an identity check, not both: Serial is the same as Check = "
                    + "IdentityCheck.Name with CheckName.",
                    nameof(Check));
            }
            if (CheckName != null && Check == null)
            {
                throw new ArgumentException("The name says nothing without an identity check.", nameof(CheckName));
            }
            if (RootCaFile != null && RootCaPem != null)
            {
                throw new ArgumentException("Give the Root CA chain as a file or as PEM, not both.", nameof(RootCaPem));
            }
        }
    }
}
