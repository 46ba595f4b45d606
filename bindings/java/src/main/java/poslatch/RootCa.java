package poslatch;

import java.time.Duration;

/**
 * The Root CA chain, in place of the download in the Business Center. It is no secret; test and production
 * have different ones.
 */
public final class RootCa {
    private RootCa() {
    }

    /**
     * As {@link #fetch(String, String, String, char[], CloudAuth, String, Duration)}, with a JSON Web Token,
     * the public roots of the web, and 30 s.
     *
     * @param baseUrl of the environment, such as {@code https://apitest.cybersource.com}
     * @param merchantId the organisation or merchant that owns the key
     * @param keyId the id of a REST shared secret key
     * @param sharedSecret the key itself
     * @return the chain as PEM text
     * @throws PoslatchException as there
     */
    public static String fetch(String baseUrl, String merchantId, String keyId, char[] sharedSecret) {
        return fetch(baseUrl, merchantId, keyId, sharedSecret, CloudAuth.JWT, null, null);
    }

    /**
     * Fetches the Root CA chain from the vendor's cloud, with the merchant's API credentials. Do it once for
     * each environment and keep the result, with {@link #save} or in a place of your own.
     *
     * <p>The cloud is verified like any web server before anything is sent. Failed connections, HTTP 429 and
     * HTTP 5xx are tried again, three times in all. Blocks for at most the time-out, and cannot be
     * interrupted.
     *
     * @param baseUrl of the environment: {@code https://apitest.cybersource.com}, {@code
     *     https://api.cybersource.com}, {@code https://apitest.visaacceptance.com}, {@code
     *     https://api.visaacceptance.com}, or any https URL under which the vendor's paths are found
     * @param merchantId the organisation or merchant that owns the key
     * @param keyId the id of a REST shared secret key
     * @param sharedSecret the key itself, in base64 as the Business Center shows it; yours to overwrite
     *     afterwards: our copy is wiped
     * @param auth how the cloud is told who asks; null: {@link CloudAuth#JWT}
     * @param webRootPem root certificates to trust in place of the public ones of the web; null: the public
     *     ones
     * @param timeout limit for the whole call; null or zero: 30 s
     * @return the chain as PEM text
     * @throws PoslatchException {@link Status#CLOUD_AUTHENTICATION} if the credentials are not accepted,
     *     which a wrong clock of this machine can cause as well; {@link Status#HTTP_STATUS}; {@link
     *     Status#ROOT_CA_UNUSABLE} if what came is no chain; and those of {@link Category#NETWORK} and {@link
     *     Category#TRUST}
     */
    public static String fetch(String baseUrl, String merchantId, String keyId, char[] sharedSecret, CloudAuth auth,
            String webRootPem, Duration timeout) {
        Call call = new Call();
        byte[] url = Text.terminated("baseUrl", baseUrl);
        byte[] merchant = Text.terminated("merchantId", merchantId);
        byte[] key = Text.terminated("keyId", keyId);
        byte[] roots = Text.terminated("webRootPem", webRootPem);
        int timeoutMs = Millis.of("timeout", timeout, RequestState.NONE);
        int way = (auth == null ? CloudAuth.JWT : auth).number();
        try (Secret secret = Secret.text("sharedSecret", sharedSecret)) {
            return call.text(call.abi.poslatch_fetch_root_ca(
                    url, merchant, key, secret.pointer(), way, roots, timeoutMs, call.out, call.error));
        }
    }

    /**
     * Saves a Root CA chain as a file for {@link Device.Builder#rootCaFile}. The chain is checked first. An
     * older file is replaced only when the new one is safe on disk.
     *
     * @param pem the chain, in any form that {@link Device.Builder#rootCaPem} takes
     * @param path file name. Others may read the file, since it is no secret; choose a folder where only the
     *     till can write
     * @throws PoslatchException {@link Status#ROOT_CA_UNUSABLE} if it is no chain, and then nothing is
     *     written; {@link Status#FILE}
     */
    public static void save(String pem, String path) {
        Call call = new Call();
        byte[] chain = Text.sized("pem", pem);
        byte[] file = Text.terminated("path", path);
        call.check(call.abi.poslatch_save_root_ca(chain, Text.size(chain), file, call.error));
    }
}
