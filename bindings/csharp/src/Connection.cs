using System;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>
    /// An open connection to one device. Any number of threads may use it: one exchange at a time, meanwhile a
    /// CancelRequest by <see cref="Send"/>, a <see cref="Receive"/> and a <see cref="Close"/>. It pings, notices a
    /// device that is gone, and connects again before the next request by itself; nothing is ever sent twice.
    /// </summary>
    public sealed class Connection : IDisposable
    {
        /// <summary>How late a cancelled <see cref="ReceiveAsync"/> may end.</summary>
        private static readonly TimeSpan SliceMax = TimeSpan.FromMilliseconds(100);

        private readonly ConnectionHandle handle;
        private string unclaimedReply;

        internal Connection(ConnectionHandle handle)
        {
            this.handle = handle;
        }

        /// <summary>What is known about the connection, without asking the device.</summary>
        /// <exception cref="ObjectDisposedException">The connection was disposed of.</exception>
        public ConnectionState State
        {
            get { return (ConnectionState)Library.Functions.poslatch_connection_state(Handle); }
        }

        /// <summary>The verified name of the device, in lower case; empty if its certificate holds none.</summary>
        /// <exception cref="ObjectDisposedException">The connection was disposed of.</exception>
        public string ServerName
        {
            get { return Handle.Read(() => Library.Functions.poslatch_connection_server_name(handle)); }
        }

        /// <summary>"TLSv1.3" or "TLSv1.2".</summary>
        /// <exception cref="ObjectDisposedException">The connection was disposed of.</exception>
        public string TlsVersion
        {
            get { return Handle.Read(() => Library.Functions.poslatch_connection_tls_version(handle)); }
        }

        /// <summary>
        /// Sends one request and waits for its final reply: the message of the matching type, or an ErrorResponse.
        /// Store the request's merchantReferenceCode before you call: if the failure
        /// <see cref="PoslatchException.IsInDoubt"/>, the payment may have gone through, and <see cref="Recover"/> asks
        /// for it by that reference. Never repeat it.
        /// </summary>
        /// <param name="json">One JSON object with a string "type", of at most 1 MiB.</param>
        /// <param name="onStatus">
        /// Takes each message that arrives meanwhile and does not end the exchange (over wss), on this thread. It may
        /// call <see cref="Send"/> and <see cref="Close"/>. If it throws, it is not called again in this exchange, the
        /// exchange goes on to its end, and then that very exception comes out of this method; the reply is kept for
        /// <see cref="TakeUnclaimedReply"/>. An exception of a type by which this method itself says that nothing was
        /// sent comes out within an <see cref="InvalidOperationException"/> instead. Default: none.
        /// </param>
        /// <param name="silence">
        /// How long the device may say nothing at all; each message starts it anew. Default: zero, which is 180 s.
        /// </param>
        /// <returns>The reply's JSON. How the payment ended stands in its processingDetails.status.</returns>
        /// <exception cref="PoslatchException">
        /// Before anything was sent: <see cref="Status.RequestNotJson"/>, <see cref="Status.RequestTooLarge"/>,
        /// <see cref="Status.Busy"/>, <see cref="Status.Closed"/>, and those of connecting again. In doubt:
        /// <see cref="Status.ResponseTimeout"/>, <see cref="Status.PeerClosed"/>, <see cref="Status.PeerSilent"/>,
        /// <see cref="Status.Cancelled"/> (closed by another thread) and others. If the callback has thrown as well,
        /// its exception is the inner one.
        /// </exception>
        /// <exception cref="ArgumentException">The request is null or no Unicode; the time is negative.</exception>
        /// <exception cref="ObjectDisposedException">
        /// The connection was disposed of before; nothing was sent.
        /// </exception>
        /// <exception cref="InvalidOperationException">
        /// The callback has failed, with a call of its own: the inner exception. The exchange has not, and its reply is
        /// kept.
        /// </exception>
        public string Exchange(string json, Action<string> onStatus = null, TimeSpan silence = default(TimeSpan))
        {
            byte[] request = Utf8.Sized(json, nameof(json));
            uint silenceMs = Arguments.Milliseconds(silence, nameof(silence));
            var listener = new Listener(onStatus);
            NativeMethods.OnStatus listen = onStatus == null ? null : new NativeMethods.OnStatus(listener.Hear);
            ConnectionHandle connection = Handle;
            Volatile.Write(ref unclaimedReply, null);

            int status = 0;
            ErrorHandle error = null;
            string reply = null;
            try
            {
            }
            finally
            {
                // Here .NET Framework and Mono abort no thread: one that Thread.Abort hits meanwhile would unwind
                // through C out of the callback, or lose the reply. It waits for the end of the payment.
                BufferHandle buffer;
                status = Library.Functions.poslatch_connection_exchange(
                    connection, request, Utf8.Size(request), silenceMs, listen, IntPtr.Zero, out buffer, out error);
                GC.KeepAlive(listen);
                reply = buffer.TakeText();
                Interlocked.CompareExchange(ref unclaimedReply, reply, null);
            }
            PoslatchException.ThrowIfFailed(status, error, listener.Thrown);
            listener.Rethrow();
            Interlocked.CompareExchange(ref unclaimedReply, null, reply);
            return reply;
        }

        /// <summary>
        /// As <see cref="Exchange"/>, on a thread of its own. Cancelling the token gives the payment up and closes the
        /// connection for good; the device may go on all the same. To have the device end the payment, leave the token
        /// alone and <see cref="Send"/> a CancelRequest.
        /// </summary>
        /// <param name="json">One JSON object with a string "type", of at most 1 MiB.</param>
        /// <param name="progress">
        /// Takes the status messages: a <see cref="Progress{T}"/> that was made on a window's thread posts them there.
        /// Default: none.
        /// </param>
        /// <param name="silence">How long the device may say nothing at all. Default: zero, which is 180 s.</param>
        /// <param name="cancellationToken">Closes the connection.</param>
        /// <returns>The reply's JSON, also if it came in spite of the cancelling.</returns>
        /// <exception cref="PoslatchException">
        /// As <see cref="Exchange"/>. Also after cancelling, if the request may have reached the device: in doubt.
        /// </exception>
        /// <exception cref="OperationCanceledException">
        /// The token was cancelled, and certainly nothing was sent.
        /// </exception>
        /// <exception cref="ObjectDisposedException">
        /// The connection was disposed of before; nothing was sent.
        /// </exception>
        public Task<string> ExchangeAsync(
            string json,
            IProgress<string> progress = null,
            TimeSpan silence = default(TimeSpan),
            CancellationToken cancellationToken = default(CancellationToken))
        {
            Action<string> onStatus = null;
            if (progress != null)
            {
                onStatus = progress.Report;
            }
            return Background.Run(() => Exchange(json, onStatus, silence), Close, cancellationToken);
        }

        /// <summary>
        /// Takes the reply of an exchange whose callback has thrown: the payment has ended, and this is how. Can be
        /// taken once; the next exchange forgets it. Allowed after <see cref="Dispose"/> too.
        /// </summary>
        /// <returns>The reply's JSON; null if there is none.</returns>
        public string TakeUnclaimedReply()
        {
            return Interlocked.Exchange(ref unclaimedReply, null);
        }

        /// <summary>
        /// Sends one message and does not wait for an answer: a CancelRequest while an exchange runs, or any message
        /// for a till that takes the answers with <see cref="Receive"/>. Needs wss. From any thread; blocks only as
        /// long as the device does not take the bytes, at most 10 s, and for connecting again.
        /// </summary>
        /// <param name="json">One JSON object with a string "type", of at most 1 MiB.</param>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Busy"/>: an exchange runs, and the message is no CancelRequest;
        /// <see cref="Status.Argument"/>: the connection is https; else as <see cref="Exchange"/>.
        /// </exception>
        /// <exception cref="ArgumentException">The message is null or no Unicode.</exception>
        /// <exception cref="ObjectDisposedException">
        /// The connection was disposed of before; nothing was sent.
        /// </exception>
        public void Send(string json)
        {
            byte[] message = Utf8.Sized(json, nameof(json));
            ErrorHandle error;
            int status = Library.Functions.poslatch_connection_send(Handle, message, Utf8.Size(message), out error);
            PoslatchException.ThrowIfFailed(status, error);
        }

        /// <summary>As <see cref="Send"/>, on a thread of its own. Cancelling closes the connection for good.</summary>
        /// <param name="json">One JSON object with a string "type", of at most 1 MiB.</param>
        /// <param name="cancellationToken">Closes the connection.</param>
        /// <returns>A task that ends when the bytes have left.</returns>
        /// <exception cref="PoslatchException">As <see cref="Send"/>; in doubt also after cancelling.</exception>
        /// <exception cref="OperationCanceledException">
        /// The token was cancelled, and certainly nothing was sent.
        /// </exception>
        public Task SendAsync(string json, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => Send(json), Close, cancellationToken);
        }

        /// <summary>
        /// Waits for a message that belongs to no exchange. At most 64 of them are kept; then the oldest goes. Needs
        /// wss. From any thread. A time-out loses nothing: call again.
        /// </summary>
        /// <param name="timeout">How long to wait. Default: zero, which is 180 s.</param>
        /// <returns>The message.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.ResponseTimeout"/>: none came. Once everything received was handed out:
        /// <see cref="Status.Closed"/> if the till has closed the connection; <see cref="Status.PeerClosed"/>,
        /// <see cref="Status.PeerSilent"/> and others if it is lost, until an exchange has connected again.
        /// </exception>
        /// <exception cref="ArgumentException">The time is negative.</exception>
        /// <exception cref="ObjectDisposedException">The connection was disposed of.</exception>
        public Message Receive(TimeSpan timeout = default(TimeSpan))
        {
            return ReceiveSlice(Arguments.Milliseconds(timeout, nameof(timeout)), isLast: true);
        }

        /// <summary>
        /// As <see cref="Receive"/>, on a thread of its own. Cancelling ends the waiting within 100 ms, loses nothing,
        /// and leaves the connection as it is.
        /// </summary>
        /// <param name="timeout">How long to wait. Default: zero, which is 180 s.</param>
        /// <param name="cancellationToken">Ends the waiting.</param>
        /// <returns>The message.</returns>
        /// <exception cref="PoslatchException">As <see cref="Receive"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled, and no message was taken.</exception>
        public Task<Message> ReceiveAsync(
            TimeSpan timeout = default(TimeSpan), CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => ReceiveInSlices(timeout, cancellationToken), null, cancellationToken);
        }

        /// <summary>
        /// Finds out how a request has ended whose reply was lost: asks the device again and again, connecting anew
        /// where need be, until it tells an end or the patience is over. Sends nothing but look-ups. It is an exchange:
        /// no other can run meanwhile.
        /// </summary>
        /// <param name="reference">The request's merchantReferenceCode.</param>
        /// <param name="patience">
        /// How long to ask; a look-up that has begun gets 2 s more. Default: zero, which is 60 s.
        /// </param>
        /// <returns>What the device knows.</returns>
        /// <exception cref="PoslatchException">
        /// There was no answer; the request that was looked for is then still in doubt.
        /// </exception>
        /// <exception cref="ArgumentException">The reference is null or holds a NUL; the time is negative.</exception>
        /// <exception cref="ObjectDisposedException">The connection was disposed of.</exception>
        public Recovery Recover(string reference, TimeSpan patience = default(TimeSpan))
        {
            byte[] text = Utf8.Required(reference, nameof(reference));
            uint ms = Arguments.Milliseconds(patience, nameof(patience));
            int outcome;
            BufferHandle reply;
            ErrorHandle error;
            int status =
                Library.Functions.poslatch_connection_recover(Handle, text, ms, out outcome, out reply, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return new Recovery((RecoveryOutcome)outcome, reply.TakeText());
        }

        /// <summary>
        /// As <see cref="Recover"/>, on a thread of its own. Cancelling closes the connection for good.
        /// </summary>
        /// <param name="reference">The request's merchantReferenceCode.</param>
        /// <param name="patience">How long to ask. Default: zero, which is 60 s.</param>
        /// <param name="cancellationToken">Closes the connection.</param>
        /// <returns>What the device knows.</returns>
        /// <exception cref="PoslatchException">As <see cref="Recover"/>; also after cancelling, in doubt.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled before anything was asked.</exception>
        public Task<Recovery> RecoverAsync(
            string reference,
            TimeSpan patience = default(TimeSpan),
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(() => Recover(reference, patience), Close, cancellationToken);
        }

        /// <summary>
        /// Closes the connection for good. Calls that wait on it end within 50 ms, an exchange with
        /// <see cref="Status.Cancelled"/> and in doubt; later calls fail with <see cref="Status.Closed"/>. From any
        /// thread, as often as you like.
        /// </summary>
        public void Close()
        {
            if (handle.IsClosed)
            {
                return;
            }
            try
            {
                Library.Functions.poslatch_connection_close(handle);
            }
            catch (ObjectDisposedException)
            {
                // Disposed of in this very moment, which closes too.
            }
        }

        /// <summary>
        /// Closes the connection and frees it, as soon as the calls that it ends have left. From any thread, also while
        /// others are in calls; twice is allowed.
        /// </summary>
        public void Dispose()
        {
            Close();
            handle.Dispose();
        }

        private ConnectionHandle Handle
        {
            get
            {
                if (handle.IsClosed)
                {
                    throw new ObjectDisposedException(
                        nameof(Connection), "The connection was disposed of before; nothing was sent.");
                }
                return handle;
            }
        }

        private Message ReceiveInSlices(TimeSpan timeout, CancellationToken token)
        {
            if (!token.CanBeCanceled)
            {
                return Receive(timeout);
            }
            uint ms = Arguments.Milliseconds(timeout, nameof(timeout));
            TimeSpan limit = TimeSpan.FromMilliseconds(ms == 0 ? Limits.SilenceDefaultMs : ms);
            Stopwatch waited = Stopwatch.StartNew();
            while (true)
            {
                TimeSpan left = limit - waited.Elapsed;
                bool isLast = left <= SliceMax;
                TimeSpan slice = isLast ? Max(left, TimeSpan.FromMilliseconds(1)) : SliceMax;
                try
                {
                    Message message = ReceiveSlice(Arguments.Milliseconds(slice, nameof(timeout)), isLast);
                    if (message != null)
                    {
                        return message;
                    }
                }
                catch (PoslatchException error) when (isLast && error.Status == Status.ResponseTimeout)
                {
                    token.ThrowIfCancellationRequested();
                    // The library knows only of the last slice.
                    throw error.WithReason("no message came within " + limit.TotalMilliseconds + " ms");
                }
                token.ThrowIfCancellationRequested();
            }
        }

        /// <summary>
        /// Null if none came and it is not the last slice: an exception for each would fill a debugger's window.
        /// </summary>
        private Message ReceiveSlice(uint ms, bool isLast)
        {
            int kind;
            BufferHandle message;
            ErrorHandle error;
            int status = Library.Functions.poslatch_connection_receive(Handle, ms, out kind, out message, out error);
            if (status == (int)Status.ResponseTimeout && !isLast)
            {
                error.Dispose();
                return null;
            }
            PoslatchException.ThrowIfFailed(status, error);
            return new Message((MessageKind)kind, message.TakeText());
        }

        private static TimeSpan Max(TimeSpan one, TimeSpan other)
        {
            return one > other ? one : other;
        }

        /// <summary>Stands between the library and the till's callback: nothing may unwind through C.</summary>
        private sealed class Listener
        {
            private readonly Action<string> onStatus;

            internal Listener(Action<string> onStatus)
            {
                this.onStatus = onStatus;
            }

            /// <summary>What the callback has thrown; it is not called again then.</summary>
            internal Exception Thrown { get; private set; }

            internal void Hear(IntPtr user, IntPtr json, UIntPtr size)
            {
                if (Thrown != null)
                {
                    return;
                }
                try
                {
                    onStatus(Utf8.Read(json, size));
                }
                catch (ThreadAbortException abort)
                {
                    // It would go on by itself at the end of this block.
                    Thread.ResetAbort();
                    Thrown = abort;
                }
                catch (Exception thrown)
                {
                    Thrown = thrown;
                }
            }

            /// <summary>Lets the callback's exception out, after an exchange that has ended well.</summary>
            internal void Rethrow()
            {
                if (Thrown == null)
                {
                    return;
                }
                if (Thrown is ThreadAbortException abort)
                {
                    Thread.CurrentThread.Abort(abort.ExceptionState);
                }
                if (SaysThatNothingWasSent(Thrown))
                {
                    throw new InvalidOperationException(
                        "The status callback has failed, not the exchange: TakeUnclaimedReply() has its reply. The "
                        + "callback's " + Thrown.GetType().Name + ": " + Thrown.Message,
                        Thrown);
                }
                ExceptionDispatchInfo.Capture(Thrown).Throw();
            }

            /// <summary>
            /// Out of an exchange these types say that nothing was sent, or at least nothing that is in doubt. The
            /// callback means another call by them: its Send, its token. A till that took them for the payment's would
            /// pay twice.
            /// </summary>
            private static bool SaysThatNothingWasSent(Exception thrown)
            {
                return thrown is PoslatchException
                    || thrown is PoslatchLibraryException
                    || thrown is ObjectDisposedException
                    || thrown is OperationCanceledException
                    || thrown is ArgumentException;
            }
        }
    }
}
