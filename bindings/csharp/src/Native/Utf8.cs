using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Poslatch.Native
{
    /// <summary>
    /// Text as the library takes and gives it. Explicit both ways: what the runtime does by itself is the machine's
    /// code page, on .NET Framework.
    /// </summary>
    internal static class Utf8
    {
        /// <summary>Half a surrogate pair is an error, not a question mark in a posId.</summary>
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, throwOnInvalidBytes: true);

        /// <summary>What a device sends may be anything; it is shown, not judged.</summary>
        private static readonly UTF8Encoding Tolerant = new UTF8Encoding(false, throwOnInvalidBytes: false);

        /// <summary>The text with a NUL behind it.</summary>
        /// <exception cref="ArgumentNullException"/>
        /// <exception cref="ArgumentException">It holds a NUL, and would be cut there, or is no text.</exception>
        internal static byte[] Required(string text, string name)
        {
            if (text == null)
            {
                throw new ArgumentNullException(name);
            }
            return Optional(text, name);
        }

        /// <summary>As <see cref="Required"/>; null stays null, which is NULL in C.</summary>
        internal static byte[] Optional(string text, string name)
        {
            if (text == null)
            {
                return null;
            }
            RefuseNul(text.IndexOf('\0'), name);
            var bytes = new byte[Count(text, name) + 1];
            Strict.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }

        /// <summary>The text as bytes with a size, without a NUL; one inside is the library's to judge.</summary>
        internal static byte[] Sized(string text, string name)
        {
            if (text == null)
            {
                throw new ArgumentNullException(name);
            }
            var bytes = new byte[Count(text, name)];
            Strict.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }

        internal static UIntPtr Size(byte[] bytes)
        {
            return (UIntPtr)bytes.Length;
        }

        /// <summary>Copies a text that ends with NUL.</summary>
        internal static string Read(IntPtr text)
        {
            int size = 0;
            while (Marshal.ReadByte(text, size) != 0)
            {
                size++;
            }
            return Read(text, (UIntPtr)size);
        }

        internal static string Read(IntPtr text, UIntPtr size)
        {
            var bytes = new byte[checked((int)size)];
            if (bytes.Length > 0)
            {
                Marshal.Copy(text, bytes, 0, bytes.Length);
            }
            string copy = Tolerant.GetString(bytes);
            // It may be a key on its way to FromPem's caller; the string itself is beyond anybody's reach.
            Array.Clear(bytes, 0, bytes.Length);
            return copy;
        }

        internal static void RefuseNul(int position, string name)
        {
            if (position >= 0)
            {
                throw new ArgumentException(
                    "The text holds a NUL character at position " + position + " and would be cut there.", name);
            }
        }

        internal static int Count(string text, string name)
        {
            try
            {
                return Strict.GetByteCount(text);
            }
            catch (EncoderFallbackException error)
            {
                // Without the original as inner exception: it may quote the text, which can be a secret.
                throw new ArgumentException(
                    "The text holds half a surrogate pair at position " + error.Index + " and is no Unicode.", name);
            }
        }

        internal static int Encode(char[] text, byte[] bytes)
        {
            return Strict.GetBytes(text, 0, text.Length, bytes, 0);
        }

        internal static int Encode(string text, byte[] bytes)
        {
            return Strict.GetBytes(text, 0, text.Length, bytes, 0);
        }

        internal static int Count(char[] text, string name)
        {
            try
            {
                return Strict.GetByteCount(text);
            }
            catch (EncoderFallbackException error)
            {
                throw new ArgumentException(
                    "The text holds half a surrogate pair at position " + error.Index + " and is no Unicode.", name);
            }
        }
    }
}
