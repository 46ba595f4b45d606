using System;
using System.Runtime.Serialization;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>
    /// A call failed. Branch on <see cref="Category"/>, show <see cref="Reason"/> and <see cref="Advice"/> (the message
    /// has both), and look at <see cref="IsInDoubt"/> first whenever money is at stake.
    /// </summary>
    [Serializable]
    public sealed class PoslatchException : Exception
    {
        private PoslatchException(Facts facts, Exception innerException)
            : base(facts.Reason + Environment.NewLine + facts.Advice, innerException)
        {
            Status = (Status)facts.Status;
            StatusName = facts.StatusName;
            Category = (Category)facts.Category;
            Reason = facts.Reason;
            Advice = facts.Advice;
            RequestState = (RequestState)facts.RequestState;
            HttpStatus = facts.HttpStatus;
            OsCode = facts.OsCode;
        }

        private PoslatchException(SerializationInfo info, StreamingContext context)
            : base(info, context)
        {
            Status = (Status)info.GetInt32(nameof(Status));
            StatusName = info.GetString(nameof(StatusName));
            Category = (Category)info.GetInt32(nameof(Category));
            Reason = info.GetString(nameof(Reason));
            Advice = info.GetString(nameof(Advice));
            RequestState = (RequestState)info.GetInt32(nameof(RequestState));
            HttpStatus = info.GetInt32(nameof(HttpStatus));
            OsCode = info.GetInt32(nameof(OsCode));
        }

        /// <summary>
        /// Which failure it is. A library that is newer than this assembly may give a number without a name.
        /// </summary>
        public Status Status { get; }

        /// <summary>The number in <see cref="Status"/>, as in poslatch.h.</summary>
        public int StatusNumber
        {
            get { return (int)Status; }
        }

        /// <summary>The name of the status for logs, such as "WRONG_DEVICE", as in docs/errors.md.</summary>
        public string StatusName { get; }

        /// <summary>What to branch on.</summary>
        public Category Category { get; }

        /// <summary>What happened, with the facts: one line, a lower-case fragment.</summary>
        public string Reason { get; }

        /// <summary>
        /// What to do now, for the person at the till or the support desk: whole sentences, one line.
        /// </summary>
        public string Advice { get; }

        /// <summary>What is known about the request that the call carried.</summary>
        public RequestState RequestState { get; }

        /// <summary>
        /// Whether the request may have reached the device. Then it must never be repeated, but asked for with
        /// <see cref="Connection.Recover"/>. So is whatever state a library that is newer than this assembly may give.
        /// </summary>
        public bool IsInDoubt
        {
            get { return RequestState != RequestState.None && RequestState != RequestState.NotSent; }
        }

        /// <summary>The HTTP status that the device answered with, where that is what failed; else 0.</summary>
        public int HttpStatus { get; }

        /// <summary>The operating system's error number, where there is one; else 0.</summary>
        public int OsCode { get; }

        /// <summary>Stores the exception, for a caller in another AppDomain.</summary>
        /// <param name="info">Where to.</param>
        /// <param name="context">Not used.</param>
        /// <exception cref="ArgumentNullException"><paramref name="info"/> is null.</exception>
        public override void GetObjectData(SerializationInfo info, StreamingContext context)
        {
            base.GetObjectData(info, context);
            info.AddValue(nameof(Status), (int)Status);
            info.AddValue(nameof(StatusName), StatusName);
            info.AddValue(nameof(Category), (int)Category);
            info.AddValue(nameof(Reason), Reason);
            info.AddValue(nameof(Advice), Advice);
            info.AddValue(nameof(RequestState), (int)RequestState);
            info.AddValue(nameof(HttpStatus), HttpStatus);
            info.AddValue(nameof(OsCode), OsCode);
        }

        /// <summary>Throws what a failed call left behind, and frees it; does nothing after a success.</summary>
        internal static void ThrowIfFailed(int status, ErrorHandle error, Exception innerException = null)
        {
            using (error)
            {
                if (status != (int)Status.Ok)
                {
                    throw new PoslatchException(Facts.Of(status, error), innerException);
                }
            }
        }

        /// <summary>The same failure in the words of a caller who knows better.</summary>
        internal PoslatchException WithReason(string reason)
        {
            var facts = new Facts
            {
                Status = StatusNumber,
                StatusName = StatusName,
                Category = (int)Category,
                Reason = reason,
                Advice = Advice,
                RequestState = (int)RequestState,
                HttpStatus = HttpStatus,
                OsCode = OsCode,
            };
            return new PoslatchException(facts, InnerException);
        }

        /// <summary>What an error object says, copied.</summary>
        private sealed class Facts
        {
            internal int Status;
            internal string StatusName;
            internal int Category;
            internal string Reason;
            internal string Advice;
            internal int RequestState;
            internal int HttpStatus;
            internal int OsCode;

            internal static Facts Of(int status, ErrorHandle error)
            {
                NativeMethods functions = Library.Functions;
                string name = Utf8.Read(functions.poslatch_status_name(status));
                return new Facts
                {
                    Status = status,
                    StatusName = name,
                    Category = functions.poslatch_error_category(error),
                    Reason = error.Read(() => functions.poslatch_error_message(error)),
                    Advice = error.Read(() => functions.poslatch_error_advice(error)),
                    // Without an error object, which only a fault of the library leaves out, nothing is known.
                    RequestState = error.IsInvalid
                        ? (int)Poslatch.RequestState.InDoubt
                        : functions.poslatch_error_request_state(error),
                    HttpStatus = functions.poslatch_error_http_status(error),
                    OsCode = functions.poslatch_error_os_code(error),
                };
            }
        }
    }
}
