using System;
using System.Threading;
using System.Threading.Tasks;
using Poslatch.Native;

namespace Poslatch
{
    /// <summary>The Root CA chain: fetching it from the vendor's cloud, and keeping it. It is no secret.</summary>
    public static class RootCa
    {
        /// <summary>
        /// Fetches the Root CA chain with the merchant's API credentials: in place of the download in the Business
        /// Center. Do it once for each environment, and keep the result with <see cref="Save"/>. Blocks for at most the
        /// time-out, and cannot be interrupted.
        /// </summary>
        /// <param name="baseUrl">
        /// Of the environment, since test and production have different chains: https://apitest.cybersource.com,
        /// https://api.cybersource.com, https://apitest.visaacceptance.com, https://api.visaacceptance.com.
        /// </param>
        /// <param name="merchantId">The organisation or merchant that owns the key.</param>
        /// <param name="keyId">The id of a REST shared secret key.</param>
        /// <param name="sharedSecret">The key itself, in base64. Our copies are wiped; the string cannot be.</param>
        /// <param name="auth">How the request is signed. Default: <see cref="CloudAuth.Jwt"/>.</param>
        /// <param name="webRootPem">Root certificates to trust in place of the web's. Default: the web's.</param>
        /// <param name="timeout">For the whole call. Default: 30 s.</param>
        /// <returns>The chain as PEM text, for <see cref="DeviceOptions.RootCaPem"/>.</returns>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.CloudAuthentication"/>: the credentials are not accepted, which a wrong clock can cause as
        /// well; <see cref="Status.HttpStatus"/>; <see cref="Status.RootCaUnusable"/>; and those of the categories
        /// <see cref="Category.Network"/> and <see cref="Category.Trust"/>.
        /// </exception>
        /// <exception cref="ArgumentException">A text is missing or holds a NUL; the time is negative.</exception>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static string Fetch(
            string baseUrl,
            string merchantId,
            string keyId,
            string sharedSecret,
            CloudAuth auth = CloudAuth.Jwt,
            string webRootPem = null,
            TimeSpan timeout = default(TimeSpan))
        {
            byte[] url = Utf8.Required(baseUrl, nameof(baseUrl));
            byte[] merchant = Utf8.Required(merchantId, nameof(merchantId));
            byte[] key = Utf8.Required(keyId, nameof(keyId));
            byte[] roots = Utf8.Optional(webRootPem, nameof(webRootPem));
            uint ms = Arguments.Milliseconds(timeout, nameof(timeout));
            using (Secret secret = Secret.Required(sharedSecret, nameof(sharedSecret)))
            {
                BufferHandle pem;
                ErrorHandle error;
                int status = Library.Functions.poslatch_fetch_root_ca(
                    url, merchant, key, secret.Bytes, (int)auth, roots, ms, out pem, out error);
                PoslatchException.ThrowIfFailed(status, error);
                return pem.TakeText();
            }
        }

        /// <summary>
        /// As <see cref="Fetch"/>, on a thread of its own. Nothing is at stake here, so a cancelled call is left to run
        /// into its time-out by itself, and the task ends at once.
        /// </summary>
        /// <param name="baseUrl">Of the environment.</param>
        /// <param name="merchantId">The organisation or merchant that owns the key.</param>
        /// <param name="keyId">The id of a REST shared secret key.</param>
        /// <param name="sharedSecret">The key itself, in base64.</param>
        /// <param name="auth">How the request is signed. Default: <see cref="CloudAuth.Jwt"/>.</param>
        /// <param name="webRootPem">Root certificates to trust in place of the web's. Default: the web's.</param>
        /// <param name="timeout">For the whole call. Default: 30 s.</param>
        /// <param name="cancellationToken">Ends the waiting.</param>
        /// <returns>The chain as PEM text.</returns>
        /// <exception cref="PoslatchException">As <see cref="Fetch"/>.</exception>
        /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
        public static async Task<string> FetchAsync(
            string baseUrl,
            string merchantId,
            string keyId,
            string sharedSecret,
            CloudAuth auth = CloudAuth.Jwt,
            string webRootPem = null,
            TimeSpan timeout = default(TimeSpan),
            CancellationToken cancellationToken = default(CancellationToken))
        {
            Task<string> fetch = Background.Run(
                () => Fetch(baseUrl, merchantId, keyId, sharedSecret, auth, webRootPem, timeout),
                null,
                cancellationToken);
            var cancelled = new TaskCompletionSource<bool>();
            using (cancellationToken.Register(() => cancelled.TrySetResult(true)))
            {
                if (await Task.WhenAny(fetch, cancelled.Task).ConfigureAwait(false) != fetch)
                {
                    Background.Forget(fetch);
                    throw new OperationCanceledException(cancellationToken);
                }
            }
            return await fetch.ConfigureAwait(false);
        }

        /// <summary>
        /// Saves a Root CA chain, fetched or downloaded, as a file of PEM text for
        /// <see cref="DeviceOptions.RootCaFile"/>. The chain is checked first; an older file is replaced only when the
        /// new one is safe on disk. Blocks for the disk.
        /// </summary>
        /// <param name="pem">The chain, in any form that <see cref="DeviceOptions.RootCaPem"/> takes.</param>
        /// <param name="path">The file. Choose a folder where only the till can write.</param>
        /// <exception cref="PoslatchException">
        /// <see cref="Status.RootCaUnusable"/>: it is no chain, and nothing is written; <see cref="Status.File"/>.
        /// </exception>
        /// <exception cref="ArgumentException">A text is missing; the path holds a NUL.</exception>
        /// <exception cref="PoslatchLibraryException">The library cannot be loaded.</exception>
        public static void Save(string pem, string path)
        {
            byte[] bytes = Utf8.Sized(pem, nameof(pem));
            byte[] file = Utf8.Required(path, nameof(path));
            ErrorHandle error;
            int status = Library.Functions.poslatch_save_root_ca(bytes, Utf8.Size(bytes), file, out error);
            PoslatchException.ThrowIfFailed(status, error);
        }
    }
}
