using System;
using System.Runtime.InteropServices;

namespace Poslatch.Native
{
    /// <summary>
    /// An object of the library. Its native side is freed once, when it was disposed of or forgotten and the last call
    /// that uses it has left.
    /// </summary>
    internal abstract class NativeHandle : SafeHandle
    {
        protected NativeHandle()
            : base(IntPtr.Zero, ownsHandle: true)
        {
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        /// <summary>
        /// Copies a text that belongs to the object. It is held meanwhile: a finaliser could free object and text
        /// between the call and the copy.
        /// </summary>
        internal string Read(Func<IntPtr> text)
        {
            bool held = false;
            try
            {
                DangerousAddRef(ref held);
                return Utf8.Read(text());
            }
            finally
            {
                if (held)
                {
                    DangerousRelease();
                }
            }
        }
    }

    internal sealed class DeviceHandle : NativeHandle
    {
        protected override bool ReleaseHandle()
        {
            Library.Functions.poslatch_device_free(handle);
            return true;
        }
    }

    internal sealed class IdentityHandle : NativeHandle
    {
        protected override bool ReleaseHandle()
        {
            Library.Functions.poslatch_identity_free(handle);
            return true;
        }
    }

    internal sealed class ConnectionHandle : NativeHandle
    {
        protected override bool ReleaseHandle()
        {
            Library.Functions.poslatch_connection_free(handle);
            return true;
        }
    }

    /// <summary>Bytes that a call gave out; wiped when they are freed.</summary>
    internal sealed class BufferHandle : NativeHandle
    {
        /// <summary>Copies the content as text, and frees the buffer; null if there is none.</summary>
        internal string TakeText()
        {
            using (this)
            {
                if (IsInvalid)
                {
                    return null;
                }
                NativeMethods functions = Library.Functions;
                return Utf8.Read(functions.poslatch_buffer_data(this), functions.poslatch_buffer_size(this));
            }
        }

        /// <summary>Copies the content, and frees the buffer.</summary>
        internal byte[] TakeBytes()
        {
            using (this)
            {
                NativeMethods functions = Library.Functions;
                var bytes = new byte[checked((int)functions.poslatch_buffer_size(this))];
                Marshal.Copy(functions.poslatch_buffer_data(this), bytes, 0, bytes.Length);
                return bytes;
            }
        }

        protected override bool ReleaseHandle()
        {
            Library.Functions.poslatch_buffer_free(handle);
            return true;
        }
    }

    internal sealed class ErrorHandle : NativeHandle
    {
        protected override bool ReleaseHandle()
        {
            Library.Functions.poslatch_error_free(handle);
            return true;
        }
    }
}
