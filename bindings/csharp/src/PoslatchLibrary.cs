using System;
using System.Threading;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>
    /// The native library as a whole: where it is, which one it is, and what it tells while it works.
    /// </summary>
    public static class PoslatchLibrary
    {
        private static readonly object LogGate = new object();

        /// <summary>As long as .NET Framework itself waits at the end of a process.</summary>
        private static readonly TimeSpan SilencePatience = TimeSpan.FromSeconds(2);

        /// <summary>
        /// What the library calls; referenced here, since the collector does not see C's pointer to it.
        /// </summary>
        private static NativeMethods.OnLog onLog;

        private static bool isSilencedAtTheEnd;

        /// <summary>Whether this thread is within the log callback.</summary>
        [ThreadStatic]
        private static bool isLogging;

        /// <summary>
        /// The file of the native library; null, the default, to have it looked for: in the environment variable
        /// POSLATCH_LIBRARY, beside Poslatch.dll and the program (there also in runtimes/RID/native, x86, x64, arm,
        /// arm64), then by the system.
        /// </summary>
        /// <exception cref="InvalidOperationException">It is set after the library was loaded.</exception>
        public static string Path
        {
            get
            {
                return Library.ChosenPath;
            }

            set
            {
                if (!Library.Choose(value))
                {
                    throw new InvalidOperationException(
                        "The library is loaded already, from " + LoadedPath + ". Set the path before the first use.");
                }
            }
        }

        /// <summary>
        /// The file that was loaded, or the bare name if the system has found it; null as long as nothing was needed.
        /// </summary>
        public static string LoadedPath
        {
            get { return Library.LoadedPath; }
        }

        /// <summary>The library's version and crypto provider, such as "poslatch 0.1.0 (ring)".</summary>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static string Version
        {
            get { return Utf8.Read(Library.Functions.poslatch_version_string()); }
        }

        /// <summary>The library's ABI version; only its first two parts are used.</summary>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static Version AbiVersion
        {
            get
            {
                uint version = Library.Functions.poslatch_abi_version();
                return new Version((int)(version >> 16), (int)(version & 0xFFFF));
            }
        }

        /// <summary>
        /// Loads the library and checks that it fits, which the first use of anything else does as well. From any
        /// thread, as often as you like.
        /// </summary>
        /// <exception cref="PoslatchLibraryException">
        /// It cannot be loaded, or does not fit; the next use tries again.
        /// </exception>
        public static void Load()
        {
            GC.KeepAlive(Library.Functions);
        }

        /// <summary>
        /// The name of a status for logs, such as "WRONG_DEVICE"; "UNKNOWN" if this library does not know it.
        /// </summary>
        /// <param name="status">Any number.</param>
        /// <returns>The constant of poslatch.h without its prefix.</returns>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static string StatusName(Status status)
        {
            return Utf8.Read(Library.Functions.poslatch_status_name((int)status));
        }

        /// <summary>
        /// Sets where log records go, in place of what was set before. Until then the library is silent. Records hold
        /// facts, no keys, codes, passphrases, and no content of messages.
        /// </summary>
        /// <remarks>
        /// The callback runs on whatever thread the record is made, and that call waits for it: it must not wait for a
        /// thread that may be calling poslatch (a window's thread, for one). An exception of it is swallowed, since
        /// nobody is there to take it. When this method returns, the former callback is not running and will not be
        /// called again; so do not hold a lock here that the callback takes.
        /// </remarks>
        /// <param name="level">Records of this level and above.</param>
        /// <param name="log">Takes level and text, one line; null for silence.</param>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Busy"/>: called from within a log callback; <see cref="Status.Argument"/>: no such level.
        /// </exception>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static void SetLog(LogLevel level, Action<LogLevel, string> log)
        {
            NativeMethods.OnLog forward = null;
            if (log != null)
            {
                forward = (user, number, message) => Forward(log, number, message);
            }
            if (isLogging)
            {
                // The library refuses it. Nobody may wait for the lock here: who holds it waits for this callback.
                Set(level, forward);
                return;
            }
            lock (LogGate)
            {
                Set(level, forward);
                // The former one was called for as long as the library had it.
                GC.KeepAlive(onLog);
                onLog = forward;
                SilenceAtTheEnd();
            }
        }

        private static void Set(LogLevel level, NativeMethods.OnLog forward)
        {
            ErrorHandle error;
            int status = Library.Functions.poslatch_log_set((int)level, forward, IntPtr.Zero, out error);
            PoslatchException.ThrowIfFailed(status, error);
        }

        /// <summary>The library stays when an AppDomain goes, and must not call into it any more.</summary>
        private static void SilenceAtTheEnd()
        {
            if (!isSilencedAtTheEnd)
            {
                isSilencedAtTheEnd = true;
                AppDomain.CurrentDomain.DomainUnload += (sender, arguments) => Silence();
                AppDomain.CurrentDomain.ProcessExit += (sender, arguments) => Silence();
            }
        }

        /// <summary>
        /// Not at any price: a callback that is running may wait for the thread that ends the process, or have ended it
        /// itself. Mono asks that very thread, .NET another one.
        /// </summary>
        private static void Silence()
        {
            if (isLogging)
            {
                return;
            }
            var silence = new Thread(() => SetLog(LogLevel.Off, null)) { IsBackground = true };
            silence.Start();
            silence.Join(SilencePatience);
        }

        private static void Forward(Action<LogLevel, string> log, int level, IntPtr message)
        {
            isLogging = true;
            try
            {
                log((LogLevel)level, Utf8.Read(message));
            }
            catch (ThreadAbortException)
            {
                // It would go on by itself at the end of this block.
                Thread.ResetAbort();
            }
            catch (Exception)
            {
                // It must not unwind through the library's frames.
            }
            finally
            {
                isLogging = false;
            }
        }
    }
}
