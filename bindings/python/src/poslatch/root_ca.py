"""The Root CA chain, which says whose devices to trust.

The merchant downloads it once for each environment, or :func:`fetch` gets it with the merchant's API credentials.
"""

from typing import Optional

from poslatch._arguments import (
    PathArgument,
    PemArgument,
    Secret,
    SecretArgument,
    milliseconds,
    number,
    optional_text,
    path,
    pem,
    text,
)
from poslatch._loader import native
from poslatch._native import Outputs
from poslatch.constants import CloudAuth


def fetch(  # noqa: PLR0913 - named, not placed
    base_url: str,
    merchant_id: str,
    key_id: str,
    shared_secret: SecretArgument,
    *,
    auth: CloudAuth = CloudAuth.JWT,
    web_root_pem: Optional[str] = None,
    timeout: Optional[float] = None,
) -> str:
    """Fetches the Root CA chain from the vendor's cloud, in place of the download in the Business Center.

    Do it once for each environment and keep the result with :func:`save`; it is no secret. The cloud is verified like
    any web server before anything is sent. Failed connections, HTTP 429 and 5xx are tried again, three times in all.
    Blocks for at most the time-out, and cannot be interrupted.

    Args:
        base_url: Of the environment: ``https://apitest.cybersource.com``, ``https://api.cybersource.com``,
            ``https://apitest.visaacceptance.com``, ``https://api.visaacceptance.com``, or any https URL under which
            the vendor's paths are found.
        merchant_id: The organisation or merchant that owns the key.
        key_id: The id of a REST shared secret key.
        shared_secret: The key itself, in base64 as the Business Center shows it. Not kept.
        auth: How the cloud is told who asks; the default unless you have a reason.
        web_root_pem: Root certificates to trust in place of the public ones of the web, as PEM text.
        timeout: Limit for the whole call, in seconds. Default: 30.

    Returns:
        The chain as PEM text, for ``Device(..., root_ca_pem=...)``.

    Raises:
        DeviceError: The credentials are not accepted (``CLOUD_AUTHENTICATION``), which a wrong clock of this machine
            can cause as well; another HTTP status than expected (``HTTP_STATUS``).
        UsageError: What came is no chain (``ROOT_CA_UNUSABLE``), or an argument will not do.
        NetworkError: The cloud cannot be reached.
        TrustError: Who answers is not the cloud.
    """
    library = native()
    with Outputs(library) as out, Secret("shared_secret", shared_secret) as secret:
        status = library.poslatch_fetch_root_ca(
            text("base_url", base_url),
            text("merchant_id", merchant_id),
            text("key_id", key_id),
            secret,
            number("auth", auth),
            optional_text("web_root_pem", web_root_pem),
            milliseconds("timeout", timeout),
            out.result,
            out.error,
        )
        out.check(status)
        return out.text() or ""


def save(chain: PemArgument, to: PathArgument) -> None:
    """Saves a Root CA chain as a file for ``Device(..., root_ca_file=...)``.

    The chain is checked first. An older file is replaced only when the new one is safe on disk. Others may read it,
    since it is no secret; choose a folder where only the till can write. Blocks for the disk.

    Args:
        chain: PEM text, or the JSON object that the Business Center gives.
        to: File name. A symbolic link there is replaced, not followed.

    Raises:
        UsageError: It is no chain, and nothing is written (``ROOT_CA_UNUSABLE``); the file cannot be written
            (``FILE``).
    """
    library = native()
    content = pem("chain", chain)
    with Outputs(library) as out:
        out.check(library.poslatch_save_root_ca(content, len(content), path("to", to), out.error))
