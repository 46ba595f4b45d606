// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.

namespace Poslatch
{
    /// <summary>How a call ended. The numbers are stable: later versions add to them.</summary>
    public enum Status
    {
        /// <summary>The call did what it was asked for.</summary>
        Ok = 0,

        /// <summary>An argument is missing or has the wrong form.</summary>
        Argument = -1,

        /// <summary>The setup code does not have eight characters.</summary>
        CodeMalformed = -2,

        /// <summary>The object was closed before.</summary>
        Closed = -3,

        /// <summary>Another call is using the connection.</summary>
        Busy = -4,

        /// <summary>The request is not a JSON object with a string "type"; nothing was sent.</summary>
        RequestNotJson = -5,

        /// <summary>The request is larger than the library sends; nothing was sent.</summary>
        RequestTooLarge = -6,

        /// <summary>A file could not be read or written.</summary>
        File = -7,

        /// <summary>The passphrase of an identity is missing or wrong.</summary>
        Passphrase = -8,

        /// <summary>The Root CA chain is missing or cannot serve as one.</summary>
        RootCaUnusable = -9,

        /// <summary>The identity file or text does not hold a usable identity.</summary>
        IdentityUnusable = -10,

        /// <summary>The host name of the address could not be resolved.</summary>
        NameNotResolved = -100,

        /// <summary>The host answered, but nothing listens on the port.</summary>
        Refused = -101,

        /// <summary>There is no way through the network to the host.</summary>
        Unreachable = -102,

        /// <summary>The connection was not up within the connect time-out.</summary>
        ConnectTimeout = -103,

        /// <summary>The device closed or reset the connection.</summary>
        PeerClosed = -104,

        /// <summary>The device stayed silent for longer than allowed.</summary>
        ResponseTimeout = -105,

        /// <summary>The device does not answer any more: switched off, out of reach, or hung.</summary>
        PeerSilent = -106,

        /// <summary>Nobody at the addresses that were searched has proven to be the device.</summary>
        DeviceNotFound = -107,

        /// <summary>The other side does not speak TLS.</summary>
        NotTls = -200,

        /// <summary>The two sides have no TLS version or cipher in common.</summary>
        TlsVersion = -201,

        /// <summary>The device's certificate was not issued under the Root CA chain.</summary>
        UnknownIssuer = -202,

        /// <summary>The device's certificate has expired, by this machine's clock.</summary>
        DeviceCertificateExpired = -203,

        /// <summary>The device's certificate is not valid yet, by this machine's clock.</summary>
        DeviceCertificateNotYetValid = -204,

        /// <summary>The device's certificate cannot be used for a server.</summary>
        DeviceCertificateUnusable = -205,

        /// <summary>A genuine certificate, but of another device than the expected one.</summary>
        WrongDevice = -206,

        /// <summary>The device does not accept the till's certificate.</summary>
        TillCertificateRejected = -207,

        /// <summary>The device does not accept the till's certificate, which has expired.</summary>
        TillCertificateExpired = -208,

        /// <summary>The device wants a till certificate where none can be shown.</summary>
        TillCertificateRequired = -209,

        /// <summary>The TLS handshake failed for a reason that has no status of its own.</summary>
        TlsFailed = -210,

        /// <summary>The device refused to pair.</summary>
        PairingRejected = -300,

        /// <summary>The device's pairing reply does not hold a usable key and certificate chain.</summary>
        PairingReplyUnusable = -301,

        /// <summary>
        /// The pairing request may have reached the device, but no whole reply came back: take the setup code as spent.
        /// </summary>
        PairingReplyLost = -302,

        /// <summary>The vendor's cloud does not accept the merchant's API credentials.</summary>
        CloudAuthentication = -303,

        /// <summary>The device answered with an HTTP status that is not the expected one.</summary>
        HttpStatus = -400,

        /// <summary>The device sent more than the library accepts.</summary>
        ReplyTooLarge = -401,

        /// <summary>The device sent a message that is not a JSON object with a string "type".</summary>
        ReplyNotJson = -402,

        /// <summary>The device broke the rules of HTTP or WebSocket.</summary>
        ProtocolViolation = -403,

        /// <summary>The call was interrupted, or the connection closed, from another thread.</summary>
        Cancelled = -900,

        /// <summary>A fault of the library itself.</summary>
        Internal = -999,
    }

    /// <summary>What to branch on after a failure.</summary>
    public enum Category
    {
        /// <summary>The call or its input is at fault. Mend the program or the setting.</summary>
        Usage = 1,

        /// <summary>The network or the device's power is at fault. May pass by itself.</summary>
        Network = 2,

        /// <summary>Who is who is in question. Do not retry; fetch a person.</summary>
        Trust = 3,

        /// <summary>The device said no, or said something that cannot be used.</summary>
        Device = 4,

        /// <summary>Another thread asked for it.</summary>
        Cancelled = 5,

        /// <summary>Report it to the makers of the library.</summary>
        Internal = 6,
    }

    /// <summary>What is known about the request of a failed call.</summary>
    public enum RequestState
    {
        /// <summary>The call carries no request, or its fate is known.</summary>
        None = 0,

        /// <summary>Not one byte of the request left this machine. It can be made again.</summary>
        NotSent = 1,

        /// <summary>
        /// The request may have reached the device. Never repeat it; look it up by its merchantReferenceCode
        /// (TransactionLookupRequest).
        /// </summary>
        InDoubt = 2,
    }

    /// <summary>How a device has to prove that it is the right one.</summary>
    public enum IdentityCheck
    {
        /// <summary>Exactly this serial number, or this whole DNS name.</summary>
        Name = 1,

        /// <summary>Any single-label name under the device domain (the default).</summary>
        Domain = 2,

        /// <summary>The certificate has to cover the host of the URL.</summary>
        Address = 3,

        /// <summary>
        /// Any certificate under the Root CA chain. Weak: the chain belongs to a large company that also issues
        /// certificates to others than payment devices.
        /// </summary>
        ChainOnly = 4,
    }

    /// <summary>Which wait is limited.</summary>
    internal enum Timeout
    {
        /// <summary>Resolving, connecting, TLS and WebSocket together. Default: 10000 ms.</summary>
        Connect = 1,

        /// <summary>The device's reply to a pairing request. Default: 30000 ms.</summary>
        Pairing = 2,

        /// <summary>A whole exchange, however much the device says meanwhile. Default: none.</summary>
        Exchange = 3,
    }

    /// <summary>What a message of the device is.</summary>
    public enum MessageKind
    {
        /// <summary>Progress (TransactionStatusResponse, OperationStatusResponse).</summary>
        Status = 1,

        /// <summary>Another "...Response", ErrorResponse included.</summary>
        Reply = 2,

        /// <summary>A type that the vendor does not document.</summary>
        Other = 3,
    }

    /// <summary>What is known about a connection without asking the device.</summary>
    public enum ConnectionState
    {
        /// <summary>Closed by the till, for good.</summary>
        Closed = 0,

        /// <summary>Open, as far as is known without asking the device.</summary>
        Open = 1,

        /// <summary>
        /// Dropped by the device or the network, or given up after an exchange in doubt. The next exchange connects
        /// again.
        /// </summary>
        Lost = 2,

        /// <summary>An exchange is connecting again.</summary>
        Connecting = 3,
    }

    /// <summary>What the device knows of a request whose reply was lost.</summary>
    public enum RecoveryOutcome
    {
        /// <summary>The request has ended; how, stands in processingDetails.status of the reply.</summary>
        Final = 1,

        /// <summary>The device is still at work on the request.</summary>
        Running = 2,

        /// <summary>For the whole time, the device knew of no such request, or could not say how it ended.</summary>
        Unknown = 3,
    }

    /// <summary>Which log records are wanted.</summary>
    public enum LogLevel
    {
        /// <summary>Nothing.</summary>
        Off = 0,

        /// <summary>Faults of the library itself.</summary>
        Error = 1,

        /// <summary>Failed calls, and what calls for action.</summary>
        Warn = 2,

        /// <summary>Connections and pairings.</summary>
        Info = 3,

        /// <summary>Types, sizes and times of messages.</summary>
        Debug = 4,

        /// <summary>Everything there is.</summary>
        Trace = 5,
    }

    /// <summary>How the vendor's cloud is told who asks.</summary>
    public enum CloudAuth
    {
        /// <summary>A JSON Web Token, signed with the shared secret (the default).</summary>
        Jwt = 1,

        /// <summary>HTTP Signature over the Date header. The vendor ends it in September 2026.</summary>
        HttpSignature = 2,

        /// <summary>
        /// HTTP Signature over the v-c-date header, for machines behind a proxy that changes Date. The vendor ends it
        /// in September 2026.
        /// </summary>
        HttpSignatureVDate = 3,
    }

    /// <summary>Defaults, and the version of the ABI that this assembly is made for.</summary>
    public static class Limits
    {
        /// <summary>
        /// Quiet time before a ping, and between pings, unless <see cref="DeviceOptions.PingInterval"/> is set: 10000
        /// ms.
        /// </summary>
        public const int PingDefaultMs = 10000;

        /// <summary>
        /// Pings that may stay unanswered unless <see cref="DeviceOptions.MissedPingsMax"/> is set: 2.
        /// </summary>
        public const int PingsMissedDefault = 2;

        /// <summary>Silence that <see cref="Connection.Exchange"/> allows when it is given none: 180000 ms.</summary>
        public const int SilenceDefaultMs = 180000;

        /// <summary>Time that <see cref="Connection.Recover"/> asks when it is given none: 60000 ms.</summary>
        public const int PatienceDefaultMs = 60000;

        /// <summary>Size of the largest request that the library sends, in bytes: 1 MiB.</summary>
        public const int JsonBytesMax = 1048576;

        /// <summary>Major version of the ABI: a library with another one does not fit this assembly.</summary>
        public const int AbiMajor = 0;

        /// <summary>Minor version of the ABI: a library with a higher one fits this assembly too.</summary>
        public const int AbiMinor = 4;
    }
}
