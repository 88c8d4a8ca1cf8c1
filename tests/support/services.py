"""Calls as mail services make them, with keys of our own: signed as theirs are, whole as their documents show them."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

MAILGUN_KEY = "0123456789abcdef0123456789abcdef"
TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:bounces"
AMAZON = "https://sns.ap-northeast-1.amazonaws.com"


def mailgun(at: datetime, token: str = "t1", key: str = MAILGUN_KEY, **data: Any) -> bytes:
    """Return a call of Mailgun's."""
    moment = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{moment}{token}".encode(), "sha256").hexdigest()
    signed = {"timestamp": moment, "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": {"id": f"event-{token}", **data}}).encode()


def mailgun_failed(
    message: int, recipient: str, code: int = 550, said: str = "5.1.1 no such user", **more: Any
) -> dict[str, Any]:
    """Return what Mailgun tells of a mail that failed for ever."""
    return {
        "event": "failed", "severity": "permanent", "reason": "bounce", "recipient": recipient,
        "message": {"headers": {"message-id": f"engage-{message}@example.co.jp", "to": recipient}},
        "delivery-status": {"code": code, "message": said, "attempt-no": 1}, "user-variables": {"engage": str(message)},
        "tags": [], "log-level": "error", **more,
    }  # fmt: skip


@dataclass
class SendGrid:
    """Signs as SendGrid does."""

    own: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def shown(self) -> str:
        """The verification key, as its page shows it."""
        der = self.own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(der).decode()

    def call(self, at: datetime, *events: dict[str, Any]) -> tuple[str, str, bytes]:
        """Return a call: signature, moment, body."""
        moment, body = str(int(at.timestamp())), json.dumps(list(events)).encode() + b"\r\n"
        signature = self.own.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
        return b64encode(signature).decode(), moment, body


def sendgrid_event(message: int, recipient: str, what: str = "bounce", number: int = 1, **more: Any) -> dict[str, Any]:
    """Return what SendGrid tells of a mail."""
    return {
        "email": recipient, "event": what, "sg_event_id": f"event-{number}", "timestamp": 1,
        "smtp-id": f"<engage-{message}@example.co.jp>", "engage": str(message), "type": "bounce", "status": "5.1.1",
        "reason": "550 5.1.1 no such user", "sg_message_id": "x.filter-1", **more,
    }  # fmt: skip


@dataclass
class Amazon:
    """Signs as SNS does, and gives its certificate as Amazon's host would."""

    now: datetime
    days: int = 30
    own: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    asked: list[str] = field(default_factory=list)
    away: bool = False

    def fetch(self, url: str) -> bytes:
        """Answer what would be got from the web."""
        self.asked.append(url)
        if self.away:
            raise OSError("away")
        return self.certificate() if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"

    def certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        begins = self.now - timedelta(days=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.own.public_key())
            .serial_number(7)
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=self.days))
            .sign(self.own, hashes.SHA256())
        )
        return made.public_bytes(Encoding.PEM)

    def notice(self, told: object, at: datetime | None = None, version: str = "2", **changes: str) -> bytes:
        """Return a message of SNS; changes are made before it is signed."""
        text = told if isinstance(told, str) else json.dumps(told)
        given = {
            "Type": "Notification", "MessageId": "id-1", "TopicArn": TOPIC, "Message": text,
            "Timestamp": f"{at or self.now:%Y-%m-%dT%H:%M:%S}.123Z", "SignatureVersion": version,
            "SigningCertURL": f"{AMAZON}/SimpleNotificationService-0123456789abcdef.pem",
            "UnsubscribeURL": f"{AMAZON}/?Action=Unsubscribe", **changes,
        }  # fmt: skip
        return json.dumps(given | {"Signature": self.signature(given)}).encode()

    def subscription(self, url: str | None = None) -> bytes:
        """Return the message that wants a subscription confirmed."""
        asked = url or f"{AMAZON}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f"
        return self.notice("You have chosen", Type="SubscriptionConfirmation", SubscribeURL=asked, Token="2336412f")

    def signature(self, given: dict[str, str]) -> str:
        names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        signed = "".join(f"{name}\n{given[name]}\n" for name in names if name in given)
        used = hashes.SHA1() if given["SignatureVersion"] == "1" else hashes.SHA256()
        return b64encode(self.own.sign(signed.encode(), PKCS1v15(), used)).decode()


def ses_mail(
    message: int, recipient: str, source: str = "marketing@example.co.jp", headers: bool = True
) -> dict[str, Any]:
    """Return what SES tells of the mail itself."""
    told: dict[str, Any] = {"messageId": "0100-ses", "source": source, "destination": [recipient], "timestamp": "x"}
    if headers:
        told["headers"] = [
            {"name": "From", "value": source}, {"name": "Message-ID", "value": f"<engage-{message}@example.co.jp>"},
        ]  # fmt: skip
    return told


def ses_bounce(message: int, recipient: str, **more: Any) -> dict[str, Any]:
    """Return what SES tells of a mail that came back for ever."""
    bounced = {"emailAddress": recipient, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no"}
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [bounced], **more}
    return {"notificationType": "Bounce", "bounce": bounce, "mail": ses_mail(message, recipient)}
