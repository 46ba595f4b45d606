using System;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>
    /// The till's identity: its private key, its certificate chain, and the name of the device that it was paired with.
    /// Cannot be changed, so any number of threads may use it. The key is wiped from memory when the identity and all
    /// connections that use it are freed.
    /// </summary>
    public sealed class Identity : IDisposable
    {
        private readonly IdentityHandle handle;

        internal Identity(IdentityHandle handle)
        {
            this.handle = handle;
        }

        /// <summary>The posId under which the till was paired.</summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string PosId
        {
            get { return Handle.Read(() => Library.Functions.poslatch_identity_pos_id(handle)); }
        }

        /// <summary>
        /// The name of the device that the till was paired with, such as "1850000123.cybs.seclib.io"; only that device
        /// can be opened with the identity. Empty if its certificate held no name.
        /// </summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string DeviceName
        {
            get { return Handle.Read(() => Library.Functions.poslatch_identity_device_name(handle)); }
        }

        /// <summary>
        /// The serial number of that device: the first label of its name. Empty if the device is known by an address, a
        /// bare host name or not at all.
        /// </summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string Serial
        {
            get { return Handle.Read(() => Library.Functions.poslatch_identity_serial(handle)); }
        }

        /// <summary>Who issued the till's certificate.</summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string Issuer
        {
            get { return Handle.Read(() => Library.Functions.poslatch_identity_issuer(handle)); }
        }

        /// <summary>Start of the till certificate's life, in UTC.</summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public DateTimeOffset NotBefore
        {
            get { return Time(Library.Functions.poslatch_identity_not_before(Handle)); }
        }

        /// <summary>End of the till certificate's life, in UTC. There is no renewal but pairing again.</summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public DateTimeOffset NotAfter
        {
            get { return Time(Library.Functions.poslatch_identity_not_after(Handle)); }
        }

        /// <summary>
        /// When the first certificate of the till's chain ends, in UTC. From then on the device refuses the till, even
        /// where the till's own certificate lasts longer.
        /// </summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public DateTimeOffset EarliestExpiry
        {
            get { return Time(Library.Functions.poslatch_identity_earliest_expiry(Handle)); }
        }

        /// <summary>SHA-256 of the till's certificate: 64 lower-case hexadecimal digits.</summary>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string Fingerprint
        {
            get { return Handle.Read(() => Library.Functions.poslatch_identity_fingerprint(handle)); }
        }

        /// <summary>
        /// Reads an identity from a file that <see cref="Save(string, string)"/> wrote. An expired one is read too: its
        /// facts are of use. Blocks for the disk, and about a second on a slow machine for the passphrase.
        /// </summary>
        /// <param name="path">The file.</param>
        /// <param name="passphrase">The one that it was saved with. Default: none.</param>
        /// <returns>The identity.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.File"/>, <see cref="Status.Passphrase"/>, <see cref="Status.IdentityUnusable"/>.
        /// </exception>
        /// <exception cref="ArgumentException">The path is null, or a text holds a NUL.</exception>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static Identity Load(string path, string passphrase = null)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Load(path, secret);
            }
        }

        /// <summary>As <see cref="Load(string, string)"/>, with a passphrase that the caller can wipe.</summary>
        /// <param name="path">The file.</param>
        /// <param name="passphrase">The one that it was saved with.</param>
        /// <returns>The identity.</returns>
        /// <exception cref="PoslatchException">As <see cref="Load(string, string)"/>.</exception>
        /// <exception cref="ArgumentException">The path is null, or a text holds a NUL.</exception>
        public static Identity Load(string path, char[] passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Load(path, secret);
            }
        }

        /// <summary>Reads an identity from the text that <see cref="ExportPem(string)"/> gave.</summary>
        /// <param name="pem">The text, in UTF-8. The caller may wipe it afterwards.</param>
        /// <param name="passphrase">The one that it was exported with. Default: none.</param>
        /// <returns>The identity.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Passphrase"/>, <see cref="Status.IdentityUnusable"/>.
        /// </exception>
        /// <exception cref="ArgumentException">The text is null, or the passphrase holds a NUL.</exception>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static Identity FromPem(byte[] pem, string passphrase = null)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return FromPem(pem, secret);
            }
        }

        /// <summary>As <see cref="FromPem(byte[], string)"/>, with a passphrase that the caller can wipe.</summary>
        /// <param name="pem">The text, in UTF-8.</param>
        /// <param name="passphrase">The one that it was exported with.</param>
        /// <returns>The identity.</returns>
        /// <exception cref="PoslatchException">As <see cref="FromPem(byte[], string)"/>.</exception>
        /// <exception cref="ArgumentException">The text is null, or the passphrase holds a NUL.</exception>
        public static Identity FromPem(byte[] pem, char[] passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return FromPem(pem, secret);
            }
        }

        /// <summary>
        /// Writes the identity to one PEM file that only this user can read. An older file is replaced only when the
        /// new one is safe on disk. openssl and curl read it as it is. Blocks for the disk, and about a second on a
        /// slow machine for the passphrase.
        /// </summary>
        /// <param name="path">The file. A symbolic link there is replaced, not followed.</param>
        /// <param name="passphrase">Encrypts the private key. Default: none, and then it is not encrypted.</param>
        /// <exception cref="PoslatchException"><see cref="Status.File"/>; <see cref="Status.Argument"/>.</exception>
        /// <exception cref="ArgumentException">The path is null, or a text holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public void Save(string path, string passphrase = null)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                Save(path, secret);
            }
        }

        /// <summary>As <see cref="Save(string, string)"/>, with a passphrase that the caller can wipe.</summary>
        /// <param name="path">The file.</param>
        /// <param name="passphrase">Encrypts the private key.</param>
        /// <exception cref="PoslatchException">As <see cref="Save(string, string)"/>.</exception>
        /// <exception cref="ArgumentException">The path is null, or a text holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public void Save(string path, char[] passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                Save(path, secret);
            }
        }

        /// <summary>
        /// Gives the identity out as the text that <see cref="Save(string, string)"/> writes, for tills that keep their
        /// keys elsewhere. It holds the private key: wipe it with Array.Clear when it was used.
        /// </summary>
        /// <param name="passphrase">Encrypts the private key. Default: none, and then it is not encrypted.</param>
        /// <returns>PEM text in UTF-8.</returns>
        /// <exception cref="PoslatchException"><see cref="Status.Argument"/>.</exception>
        /// <exception cref="ArgumentException">The passphrase holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public byte[] ExportPem(string passphrase = null)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Export(Library.Functions.poslatch_identity_export_pem, secret);
            }
        }

        /// <summary>As <see cref="ExportPem(string)"/>, with a passphrase that the caller can wipe.</summary>
        /// <param name="passphrase">Encrypts the private key.</param>
        /// <returns>PEM text in UTF-8.</returns>
        /// <exception cref="PoslatchException">As <see cref="ExportPem(string)"/>.</exception>
        /// <exception cref="ArgumentException">The passphrase holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public byte[] ExportPem(char[] passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Export(Library.Functions.poslatch_identity_export_pem, secret);
            }
        }

        /// <summary>
        /// Gives the identity out as PKCS#12, for programs that take no PEM: an X509Certificate2 of .NET Framework, for
        /// one. What all of them read is encryption of the nineties: choose a passphrase that nobody can guess, and
        /// remove the file once it was imported. It holds the private key.
        /// </summary>
        /// <param name="passphrase">Encrypts key and certificates; not empty. Java takes ASCII only.</param>
        /// <returns>The bytes of a .p12 or .pfx file.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.Argument"/>: the passphrase is missing or empty.
        /// </exception>
        /// <exception cref="ArgumentException">The passphrase holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public byte[] ExportPkcs12(string passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Export(Library.Functions.poslatch_identity_export_pkcs12, secret);
            }
        }

        /// <summary>As <see cref="ExportPkcs12(string)"/>, with a passphrase that the caller can wipe.</summary>
        /// <param name="passphrase">Encrypts key and certificates; not empty.</param>
        /// <returns>The bytes of a .p12 or .pfx file.</returns>
        /// <exception cref="PoslatchException">As <see cref="ExportPkcs12(string)"/>.</exception>
        /// <exception cref="ArgumentException">The passphrase holds a NUL.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public byte[] ExportPkcs12(char[] passphrase)
        {
            using (Secret secret = Secret.Of(passphrase, nameof(passphrase)))
            {
                return Export(Library.Functions.poslatch_identity_export_pkcs12, secret);
            }
        }

        /// <summary>
        /// The certificate chain: the till's own certificate first, each followed by its issuer, the root last. No
        /// secret.
        /// </summary>
        /// <returns>PEM text.</returns>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public string CertChain()
        {
            BufferHandle pem;
            ErrorHandle error;
            int status = Library.Functions.poslatch_get_cert_chain(Handle, out pem, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return pem.TakeText();
        }

        /// <summary>
        /// Whether it is time to pair again, by this machine's clock: two thirds of the till certificate's life have
        /// gone, or the chain has expired or will within these days. A till that asks at each start is never surprised.
        /// </summary>
        /// <param name="days">The longest time that the till may stay unattended; 0 is allowed.</param>
        /// <returns>Whether it is time.</returns>
        /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
        /// <exception cref="ObjectDisposedException">The identity was disposed of.</exception>
        public bool NeedsRenewal(int days)
        {
            return Library.Functions.poslatch_identity_needs_renewal(
                Handle, Arguments.Count(days, nameof(days))) != 0;
        }

        /// <summary>
        /// Frees the identity, as soon as no call uses it any more. Connections that were opened with it live on. Twice
        /// is allowed.
        /// </summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        internal IdentityHandle Handle
        {
            get
            {
                if (handle.IsClosed)
                {
                    throw new ObjectDisposedException(nameof(Identity));
                }
                return handle;
            }
        }

        private static Identity Load(string path, Secret passphrase)
        {
            IdentityHandle identity;
            ErrorHandle error;
            int status = Library.Functions.poslatch_identity_load(
                Utf8.Required(path, nameof(path)), passphrase.Bytes, out identity, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return new Identity(identity);
        }

        private static Identity FromPem(byte[] pem, Secret passphrase)
        {
            if (pem == null)
            {
                throw new ArgumentNullException(nameof(pem));
            }
            IdentityHandle identity;
            ErrorHandle error;
            int status = Library.Functions.poslatch_identity_from_pem(
                pem, Utf8.Size(pem), passphrase.Bytes, out identity, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return new Identity(identity);
        }

        private void Save(string path, Secret passphrase)
        {
            ErrorHandle error;
            int status = Library.Functions.poslatch_identity_save(
                Handle, Utf8.Required(path, nameof(path)), passphrase.Bytes, out error);
            PoslatchException.ThrowIfFailed(status, error);
        }

        private byte[] Export(NativeMethods.IdentityExport export, Secret passphrase)
        {
            BufferHandle buffer;
            ErrorHandle error;
            int status = export(Handle, passphrase.Bytes, out buffer, out error);
            PoslatchException.ThrowIfFailed(status, error);
            return buffer.TakeBytes();
        }

        private static DateTimeOffset Time(long seconds)
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        }
    }
}
