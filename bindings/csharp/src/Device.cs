using System;
using System.Threading;
using System.Threading.Tasks;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>
    /// A payment device as the till's settings describe it: where it is, who it has to be, whom to trust. Holds no
    /// connection, and cannot be changed, so any number of threads may use it.
    /// </summary>
    public sealed class Device : IDisposable
    {
        private readonly DeviceHandle handle;

        /// <summary>Describes a device. Does not connect; blocks only for reading files.</summary>
        /// <param name="url">
        /// "https://" or "wss://", then an address or a name, and the port that the device shows under Generate Code
        /// &gt; Details (8443 if left out). With wss a payment's status messages arrive while it runs, and it can be
        /// cancelled.
        /// </param>
        /// <param name="options">The settings; null for the defaults.</param>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Argument"/>: the URL or a setting has another form; <see cref="Status.File"/>: a file
        /// cannot be read; <see cref="Status.RootCaUnusable"/>, with what is wrong in which block.
        /// </exception>
        /// <exception cref="ArgumentException">
        /// The URL is null, a text holds a NUL, a time is negative, or two settings contradict each other.
        /// </exception>
        /// <exception cref="PoslatchLibraryException">The native library cannot be loaded.</exception>
        public Device(string url, DeviceOptions options = null)
        {
            if (options == null)
            {
                options = new DeviceOptions();
            }
            options.RefuseContradictions();
            ErrorHandle error;
            int status = Library.Functions.poslatch_device_new(Utf8.Required(url, nameof(url)), out handle, out error);
            PoslatchException.ThrowIfFailed(status, error);
            try
            {
                Apply(options);
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }

        /// <summary>
        /// Pairs the till with the device, and gets the till's identity. Done once; keep it with
        /// <see cref="Identity.Save(string, string)"/>. The code is sent only after the device has proven who it is.
        /// Blocks for at most the connect and the pairing time-out together; <see cref="Interrupt"/> ends it earlier.
        /// </summary>
        /// <param name="posId">Your name for this till, unique in the shop; digits are safest.</param>
        /// <param name="setupCode">The eight characters on the device's screen; spaces around them are ignored.</param>
        /// <returns>The identity: key, certificates, and the device's name.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.CodeMalformed"/>, before anything is dialled; <see cref="Status.WrongDevice"/>,
        /// <see cref="Status.UnknownIssuer"/> and others of the category <see cref="Category.Trust"/>, with nothing
        /// sent; <see cref="Status.PairingRejected"/>, with the device's words: ask for a new code;
        /// <see cref="Status.PairingReplyLost"/>: take the code as spent.
        /// </exception>
        /// <exception cref="ArgumentException">A text is null or holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
        public Identity Pair(string posId, string setupCode)
        {
            byte[] pos = Utf8.Required(posId, nameof(posId));
            using (Secret code = Secret.Required(setupCode, nameof(setupCode)))
            {
                IdentityHandle identity;
                ErrorHandle error;
                int status = Library.Functions.poslatch_pair(Handle, pos, code.Bytes, out identity, out error);
                PoslatchException.ThrowIfFailed(status, error);
                return new Identity(identity);
            }
        }

        /// <summary>
        /// As <see cref="Pair"/>, on a thread of its own. Cancelling the token interrupts this device: every pairing
        /// and opening that runs on it.
        /// </summary>
        /// <param name="posId">Your name for this till.</param>
        /// <param name="setupCode">The eight characters on the device's screen.</param>
        /// <param name="cancellationToken">Interrupts the call, within 200 ms.</param>
        /// <returns>The identity, also if it came in spite of the cancelling.</returns>
        /// <exception cref="PoslatchException">As <see cref="Pair"/>.</exception>
        /// <exception cref="OperationCanceledException">
        /// The token was cancelled. If the code was under way already, the message and the inner exception say that it
        /// has to be taken as spent.
        /// </exception>
        public Task<Identity> PairAsync(
            string posId, string setupCode, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => Pair(posId, setupCode), Interrupt, cancellationToken);
        }

        /// <summary>
        /// Finds the device again whose address has changed: asks every address that it could have for its
        /// certificate, and gives the URL of the one that proves to be the device. Nothing but the TLS handshake is
        /// sent to anybody. Blocks for 4.4 s where nobody of 254 answers; <see cref="Interrupt"/> ends it earlier.
        /// </summary>
        /// <param name="identity">
        /// That was paired with the device. Default: none; then <see cref="DeviceOptions.Serial"/> says who is looked
        /// for.
        /// </param>
        /// <param name="subnets">
        /// Subnets and single addresses, such as "192.168.1.0/24,192.168.2.17", at most 4096 addresses. Default: this
        /// machine's own /24, if it is a private one.
        /// </param>
        /// <param name="onProgress">
        /// Takes how many addresses were tried, and of how many, on this thread. If it throws, the search ends, and
        /// that very exception comes out of this method. Default: none.
        /// </param>
        /// <returns>Its URL, such as "wss://192.168.1.57:8443/", ready for a device of its own.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.DeviceNotFound"/>, whose advice names other devices that answered;
        /// <see cref="Status.Argument"/>: neither identity nor serial, or the subnets will not do;
        /// <see cref="Status.Cancelled"/>.
        /// </exception>
        /// <exception cref="ArgumentException">The subnets hold a NUL.</exception>
        /// <exception cref="ObjectDisposedException">Device or identity were disposed of.</exception>
        public string Find(Identity identity = null, string subnets = null, Action<int, int> onProgress = null)
        {
            byte[] list = Utf8.Optional(subnets, nameof(subnets));
            var listener = new SearchListener(onProgress);
            NativeMethods.OnProgress listen = onProgress == null ? null : new NativeMethods.OnProgress(listener.Hear);
            DeviceHandle device = Handle;
            IdentityHandle known = identity == null ? new IdentityHandle() : identity.Handle;
            int status = 0;
            ErrorHandle error = null;
            string url = null;
            try
            {
            }
            finally
            {
                // Here .NET Framework and Mono abort no thread: it would unwind through C out of the callback.
                BufferHandle buffer;
                status = Library.Functions.poslatch_find_device(
                    device, known, list, listen, IntPtr.Zero, out buffer, out error);
                GC.KeepAlive(listen);
                url = buffer.TakeText();
            }
            listener.Rethrow();
            PoslatchException.ThrowIfFailed(status, error);
            return url;
        }

        /// <summary>
        /// As <see cref="Find"/>, on a thread of its own. Cancelling the token interrupts this device: every search,
        /// probe, pairing and opening that runs on it.
        /// </summary>
        /// <param name="identity">That was paired with the device. Default: none.</param>
        /// <param name="subnets">Subnets and single addresses. Default: this machine's own /24.</param>
        /// <param name="onProgress">As for <see cref="Find"/>, on the thread of the search. Default: none.</param>
        /// <param name="cancellationToken">Interrupts the call, within 200 ms.</param>
        /// <returns>Its URL.</returns>
        /// <exception cref="PoslatchException">As <see cref="Find"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public Task<string> FindAsync(
            Identity identity = null,
            string subnets = null,
            Action<int, int> onProgress = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => Find(identity, subnets, onProgress), Interrupt, cancellationToken);
        }

        /// <summary>
        /// Opens a mutual-TLS connection: the device proves that it is the one that the identity was paired with,
        /// whatever its address now, and has accepted the till's certificate. Blocks for at most the connect time-out;
        /// <see cref="Interrupt"/> ends it earlier.
        /// </summary>
        /// <param name="identity">Of the till. May be disposed of while the connection lives.</param>
        /// <returns>The open connection.</returns>
        /// <exception cref="PoslatchException">
        /// Of the category <see cref="Category.Network"/>: try again later; <see cref="Status.WrongDevice"/>,
        /// <see cref="Status.TillCertificateRejected"/> and others of the category <see cref="Category.Trust"/>: do not
        /// try again by yourself.
        /// </exception>
        /// <exception cref="ArgumentNullException">The identity is null.</exception>
        /// <exception cref="ObjectDisposedException">Device or identity were disposed of.</exception>
        public Connection OpenMtls(Identity identity)
        {
            if (identity == null)
            {
                throw new ArgumentNullException(nameof(identity));
            }
            ConnectionHandle connection;
            ErrorHandle error;
            int status = Library.Functions.poslatch_open_mtls(Handle, identity.Handle, out connection, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return new Connection(connection);
        }

        /// <summary>
        /// As <see cref="OpenMtls"/>, on a thread of its own. Cancelling the token interrupts this device: every
        /// pairing, opening, probe and search that runs on it.
        /// </summary>
        /// <param name="identity">Of the till.</param>
        /// <param name="cancellationToken">Interrupts the call, within 200 ms.</param>
        /// <returns>The open connection, also if it came up in spite of the cancelling.</returns>
        /// <exception cref="PoslatchException">As <see cref="OpenMtls"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public Task<Connection> OpenMtlsAsync(
            Identity identity, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => OpenMtls(identity), Interrupt, cancellationToken);
        }

        /// <summary>
        /// Opens a connection without a till certificate, for a device whose Security setting is TLS. The device is
        /// verified exactly as otherwise; one that is set to mTLS lets such a connection do nothing but pair.
        /// </summary>
        /// <returns>The open connection.</returns>
        /// <exception cref="PoslatchException">As <see cref="OpenMtls"/>.</exception>
        /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
        public Connection OpenTls()
        {
            ConnectionHandle connection;
            ErrorHandle error;
            int status = Library.Functions.poslatch_open_tls(Handle, out connection, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return new Connection(connection);
        }

        /// <summary>
        /// As <see cref="OpenTls"/>, on a thread of its own; cancelled as <see cref="OpenMtlsAsync"/>.
        /// </summary>
        /// <param name="cancellationToken">Interrupts the call, within 200 ms.</param>
        /// <returns>The open connection, also if it came up in spite of the cancelling.</returns>
        /// <exception cref="PoslatchException">As <see cref="OpenMtls"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public Task<Connection> OpenTlsAsync(CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(OpenTls, Interrupt, cancellationToken);
        }

        /// <summary>
        /// Looks at everything between this till and the device: the network, TLS, certificates (also untrusted ones),
        /// the device's name, the clocks, whether it accepts the till. For a support desk. Sends no payment, no pairing
        /// request and no code, and nothing to a server that has not passed. Blocks for at most three connect time-outs
        /// and 4 s; <see cref="Interrupt"/> ends it earlier. Not while a payment is on its way.
        /// </summary>
        /// <param name="identity">As which till; null as one that wants to pair.</param>
        /// <returns>
        /// A JSON object with "verdict" ("ok", "warning" or "failed"), "cause", "screen" (for people) and "steps";
        /// docs/probe.md lists all. What device and network do is told there, not thrown.
        /// </returns>
        /// <exception cref="PoslatchException"><see cref="Status.Cancelled"/>.</exception>
        /// <exception cref="ObjectDisposedException">Device or identity were disposed of.</exception>
        public string Probe(Identity identity = null)
        {
            BufferHandle report;
            ErrorHandle error;
            // A handle that holds nothing crosses as NULL.
            using (var nobody = new IdentityHandle())
            {
                int status = Library.Functions.poslatch_probe(
                    Handle, identity == null ? nobody : identity.Handle, out report, out error);
                PoslatchException.ThrowIfFailed(status, error);
            }
            return report.TakeText();
        }

        /// <summary>
        /// As <see cref="Probe"/>, on a thread of its own; cancelled as <see cref="OpenMtlsAsync"/>.
        /// </summary>
        /// <param name="identity">As which till; null as one that wants to pair.</param>
        /// <param name="cancellationToken">Interrupts the call, within 200 ms.</param>
        /// <returns>The report as JSON, also if it was finished in spite of the cancelling.</returns>
        /// <exception cref="PoslatchException">As <see cref="Probe"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public Task<string> ProbeAsync(
            Identity identity = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => Probe(identity), Interrupt, cancellationToken);
        }

        /// <summary>
        /// Makes the pairings, openings, probes and searches that run on this device now fail with
        /// <see cref="Status.Cancelled"/>, within 200 ms. Later calls and open connections are not touched. From any
        /// thread, as often as you like; does nothing once the device was disposed of.
        /// </summary>
        public void Interrupt()
        {
            if (handle.IsClosed)
            {
                return;
            }
            try
            {
                Library.Functions.poslatch_device_interrupt(handle);
            }
            catch (ObjectDisposedException)
            {
                // Disposed of in this very moment.
            }
        }

        /// <summary>
        /// What stands in the device's journal: the requests whose end the till does not know, the oldest first. While
        /// exchanges run, theirs are among them.
        /// </summary>
        /// <returns>
        /// A JSON array of objects with the strings "reference", "type", "device" and "time" (UTC, as
        /// 2026-11-24T16:28:13Z).
        /// </returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Argument"/>: no journal was set; <see cref="Status.File"/>: it cannot be read.
        /// </exception>
        /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
        public string JournalPending()
        {
            BufferHandle json;
            ErrorHandle error;
            int status = Library.Functions.poslatch_device_journal_pending(Handle, out json, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return json.TakeText();
        }

        /// <summary>
        /// Strikes every request with this reference out of the journal: the till knows how it ended. One that
        /// <see cref="Connection.Recover"/> finds final is struck out already.
        /// </summary>
        /// <param name="reference">A merchantReferenceCode. One that does not stand there is no error.</param>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Argument"/>: no journal was set; <see cref="Status.File"/>: it cannot be written.
        /// </exception>
        /// <exception cref="ArgumentException">The reference is null or holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
        public void JournalForget(string reference)
        {
            ErrorHandle error;
            int status = Library.Functions.poslatch_device_journal_forget(
                Handle, Utf8.Required(reference, nameof(reference)), out error);
            PoslatchException.ThrowIfFailed(status, error);
        }

        /// <summary>
        /// Frees the description, as soon as no call uses it any more. Calls that run go on; connections live on. Twice
        /// is allowed.
        /// </summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        private DeviceHandle Handle
        {
            get
            {
                if (handle.IsClosed)
                {
                    throw new ObjectDisposedException(nameof(Device));
                }
                return handle;
            }
        }

        private void Apply(DeviceOptions options)
        {
            NativeMethods functions = Library.Functions;
            ApplyText(functions.poslatch_device_set_root_ca_file, options.RootCaFile, nameof(options.RootCaFile));
            if (options.RootCaPem != null)
            {
                byte[] pem = Utf8.Sized(options.RootCaPem, nameof(options.RootCaPem));
                ErrorHandle error;
                int status = functions.poslatch_device_set_root_ca_pem(handle, pem, Utf8.Size(pem), out error);
                PoslatchException.ThrowIfFailed(status, error);
            }
            ApplyText(functions.poslatch_device_set_serial, options.Serial, nameof(options.Serial));
            if (options.Check != null)
            {
                byte[] name = Utf8.Optional(options.CheckName, nameof(options.CheckName));
                ErrorHandle error;
                int status =
                    functions.poslatch_device_set_identity_check(handle, (int)options.Check.Value, name, out error);
                PoslatchException.ThrowIfFailed(status, error);
            }
            ApplyTimeout(Timeout.Connect, options.ConnectTimeout, nameof(options.ConnectTimeout));
            ApplyTimeout(Timeout.Pairing, options.PairingTimeout, nameof(options.PairingTimeout));
            ApplyTimeout(Timeout.Exchange, options.ExchangeTimeout, nameof(options.ExchangeTimeout));
            if (options.PingInterval != null || options.MissedPingsMax != null)
            {
                uint pingMs = options.PingInterval == null
                    ? (uint)Limits.PingDefaultMs
                    : Arguments.Milliseconds(options.PingInterval.Value, nameof(options.PingInterval));
                uint missedMax =
                    Arguments.Count(options.MissedPingsMax ?? Limits.PingsMissedDefault, nameof(options.MissedPingsMax));
                ErrorHandle error;
                int status = functions.poslatch_device_set_keep_alive(handle, pingMs, missedMax, out error);
                PoslatchException.ThrowIfFailed(status, error);
            }
            ApplyText(functions.poslatch_device_set_journal, options.Journal, nameof(options.Journal));
        }

        private void ApplyText(NativeMethods.DeviceText set, string text, string name)
        {
            if (text != null)
            {
                ErrorHandle error;
                int status = set(handle, Utf8.Required(text, name), out error);
                PoslatchException.ThrowIfFailed(status, error);
            }
        }

        private void ApplyTimeout(Timeout which, TimeSpan time, string name)
        {
            ErrorHandle error;
            int status = Library.Functions.poslatch_device_set_timeout_ms(
                handle, (int)which, Arguments.Milliseconds(time, name), out error);
            PoslatchException.ThrowIfFailed(status, error);
        }
    }
}
