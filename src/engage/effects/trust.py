"""Why a mail server's certificate is not good enough, said so that somebody can mend it."""

from __future__ import annotations

import ssl

from engage.effects.mime import one_line
from engage.wording import Sentence, sentence

#: OpenSSL's numbers (X509_V_ERR_…) of what people meet.
_EXPIRED, _EARLY = {10}, {9}
_UNKNOWN_SIGNER = {2, 18, 19, 20, 21}
_OTHER_NAME = {62, 64}


def distrust(error: ssl.SSLError, host: str) -> Sentence:
    """Return why the connection to a host is not safe."""
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    if code in _EXPIRED:
        return sentence("its certificate has expired")
    if code in _EARLY:
        return sentence("its certificate is not valid yet: is this machine's clock right?")
    if code in _UNKNOWN_SIGNER:
        text = "its certificate is signed by nobody known here; for an authority of your own set SSL_CERT_FILE"
        return sentence(text)
    if code in _OTHER_NAME:
        return sentence("its certificate is not for {host}", host=host)
    return sentence("{why}", why=one_line(str(error)))
