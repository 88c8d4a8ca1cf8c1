"""Amazon SNS: messages signed by a certificate that is taken from Amazon's own hosts and from nowhere else."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engage.intake.services.call import AHEAD, Forged, Malformed, loaded, mapping

#: SNS tries for an hour.
LONGEST = timedelta(minutes=75)
#: What is signed of each type of message, in this order; the subject only where there is one.
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_REGION = r"[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}"
_TOPIC = re.compile(rf"arn:aws(?:-cn|-us-gov)?:sns:({_REGION}):[0-9]{{12}}:[\w-]{{1,256}}", re.ASCII)
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")
_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}
#: Gets an address of Amazon's; raises OSError where that fails.
Fetch = Callable[[str], bytes]
_MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of SNS, verified."""

    type: str
    id: str
    text: str
    #: where a subscription is confirmed
    confirm: str | None


@dataclass
class Certificates:
    """Amazon's certificates, got when they are first needed."""

    fetch: Fetch
    kept: dict[str, x509.Certificate] = field(default_factory=dict)

    def get(self, url: str) -> x509.Certificate:
        """Return a certificate. Raises Forged for what is none, OSError where it cannot be had."""
        if url not in self.kept:
            try:
                found = x509.load_pem_x509_certificate(self.fetch(url))
            except ValueError:
                raise Forged from None
            while len(self.kept) >= _MOST_KEPT:
                del self.kept[next(iter(self.kept))]
            self.kept[url] = found
        return self.kept[url]


def is_topic(text: str) -> bool:
    """Return whether a text is the name (ARN) of a topic."""
    return _TOPIC.fullmatch(text) is not None


def read_notice(body: bytes, topics: tuple[str, ...], certificates: Certificates, now: datetime) -> Notice:
    """Return a message of one of our topics.

    Raises Forged for what SNS did not sign or too long ago, OSError where its certificate cannot be had.
    """
    try:
        told = {name: value for name, value in mapping(loaded(body)).items() if isinstance(value, str)}
    except Malformed:
        raise Forged from None
    kind, topic = told.get("Type", ""), told.get("TopicArn", "")
    if kind not in _SIGNED or topic not in topics:
        raise Forged
    _timely(told.get("Timestamp", ""), now)
    host = _host(topic)
    url = told.get("SigningCertURL", "")
    if not _is_of(url, host) or not _CERTIFICATE.fullmatch(urlsplit(url).path) or "?" in url:
        raise Forged
    _verify(told, certificates.get(url), now)
    confirm = told.get("SubscribeURL", "") if kind == "SubscriptionConfirmation" else None
    if confirm is not None and not _confirms(confirm, host, topic):
        raise Forged
    return Notice(kind, told.get("MessageId", ""), told.get("Message", ""), confirm)


def _timely(text: str, now: datetime) -> None:
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Forged from None
    if not now - LONGEST <= at <= now + AHEAD:
        raise Forged


def _host(topic: str) -> str:
    """Return the host of SNS in a topic's region."""
    found = _TOPIC.fullmatch(topic)
    if found is None:
        raise Forged
    return f"sns.{found[1]}.amazonaws.com{'.cn' if topic.startswith('arn:aws-cn:') else ''}"


def _is_of(url: str, host: str) -> bool:
    """Return whether an address is exactly one of a host's, with nothing that programs read in several ways."""
    return url.isascii() and url.isprintable() and url.startswith(f"https://{host}/") and not set(url) & set(" \\@#")


def _confirms(url: str, host: str, topic: str) -> bool:
    if not _is_of(url, host) or urlsplit(url).path != "/":
        return False
    asked = parse_qs(urlsplit(url).query)
    return asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [topic]


def _verify(told: Mapping[str, str], certificate: x509.Certificate, now: datetime) -> None:
    """Raise Forged where the certificate did not sign the message."""
    key, used = certificate.public_key(), _HASHES.get(told.get("SignatureVersion", ""))
    valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if used is None or not valid or not isinstance(key, RSAPublicKey):
        raise Forged
    signed = "".join(f"{name}\n{told[name]}\n" for name in _SIGNED[told["Type"]] if name in told)
    try:
        given = b64decode(told.get("Signature", ""), validate=True)
        key.verify(given, signed.encode("utf-8", "surrogatepass"), PKCS1v15(), used())
    except (InvalidSignature, binascii.Error, ValueError):
        raise Forged from None
