"""Calls of mail services: what is believed, what each event means, and how it finds its message; FAULTS S71."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engage.errors import Refused
from engage.intake.returned.judging import Back
from engage.intake.services import mailgun, sendgrid, ses
from engage.intake.services.call import Call, Forged, Malformed
from engage.intake.services.sns import Certificates, is_topic
from engage.postbox.names import names
from engage.sql.codes import Returned
from tests.postbox.returning import SETTINGS, path_of
from tests.support import services as made
from tests.support.services import AMAZON, MAILGUN_KEY, TOPIC, Amazon, SendGrid

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
WHO = "p1@example.com"


def nothing(_: str) -> bytes:
    """Answer nothing, whatever is asked for."""
    return b""


def told(call: Call) -> list[tuple[Returned, int | None, str]]:
    """Return the events of a call: what each is, its message, to whom."""
    return [(event.verdicts[0].kind, event.message_id, event.recipient) for event in call.events]


def by_mailgun(body: bytes, now: datetime = NOW) -> Call:
    return mailgun.read(body, MAILGUN_KEY, now)


@pytest.fixture(scope="module")
def grid() -> SendGrid:
    return SendGrid()


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(NOW)


def by_amazon(amazon: Amazon, body: bytes, now: datetime = NOW, certificates: Certificates | None = None) -> Call:
    return ses.read(body, (TOPIC,), certificates or Certificates(amazon.fetch), names(SETTINGS), now)


# Mailgun


def test_mailgun_is_believed_for_nine_hours_and_only_with_its_key() -> None:
    """S71: none, wrong, changed, old, future, by another key."""
    good = made.mailgun(NOW, **made.mailgun_failed(42, WHO))
    assert told(by_mailgun(good)) == [(Returned.HARD, 42, WHO)]
    assert told(by_mailgun(good, NOW + timedelta(hours=8, minutes=59))) == [(Returned.HARD, 42, WHO)]
    for late in (timedelta(hours=9, seconds=1), timedelta(days=400), -timedelta(minutes=16)):
        with pytest.raises(Forged):
            by_mailgun(good, NOW + late)
    for key in ("", "x", MAILGUN_KEY.upper()):
        with pytest.raises(Forged):
            by_mailgun(made.mailgun(NOW, key=key, **made.mailgun_failed(42, WHO)))
    whole = json.loads(good)
    for name in ("timestamp", "token", "signature"):
        for value in ("", "0", whole["signature"][name] + "0", "é", 5, None, ["x"]):
            with pytest.raises(Forged):
                by_mailgun(json.dumps(whole | {"signature": whole["signature"] | {name: value}}).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"NaN",
        b'{"signature": 1}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b"1" * 9_999,
    ],
)
def test_rubbish_is_no_call(body: bytes) -> None:
    """S71, B69: whatever stands in a body, it is refused and nothing breaks."""
    with pytest.raises(Forged):
        by_mailgun(body)
    with pytest.raises(Forged):
        ses.read(body, (TOPIC,), Certificates(nothing), None, NOW)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Returned.HARD),
        ({"delivery-status": {"code": 552, "message": "5.2.2 over quota"}}, Returned.SOFT),
        ({"delivery-status": {"code": 554, "message": "5.7.1 blocked by spamhaus"}}, Returned.POLICY),
        ({"delivery-status": {"code": 605, "message": ""}, "reason": "suppress-bounce"}, Returned.HARD),
        ({"delivery-status": {"code": 607, "message": ""}, "reason": "suppress-complaint"}, Returned.COMPLAINT),
        ({"reason": "suppress-unsubscribe"}, Returned.OPT_OUT),
        ({"reason": "old"}, Returned.SOFT),
        ({"severity": "temporary"}, Returned.DELAYED),
        ({"event": "complained"}, Returned.COMPLAINT),
        ({"event": "unsubscribed"}, Returned.OPT_OUT),
        ({"event": "opened"}, None),
        ({"event": "clicked"}, None),
        ({"event": "delivered"}, None),
    ],
)
def test_what_mailgun_reports(change: dict[str, Any], kind: Returned | None) -> None:
    found = told(by_mailgun(made.mailgun(NOW, **made.mailgun_failed(42, WHO) | change)))
    assert found == ([] if kind is None else [(kind, 42, WHO)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user-variables": {}}, 42),
        ({"message": {}}, 42),
        ({"user-variables": {}, "message": {"headers": {"message-id": "<other@example.com>"}}}, None),
        ({"user-variables": {"engage": "-1"}, "message": None}, None),
        ({"user-variables": {"engage": "9" * 40}, "message": 7}, None),
        ({"user-variables": {"engage": 42}, "message": []}, None),
        ({"recipient": "nobody"}, None),
        ({"recipient": None}, None),
    ],
)
def test_how_an_event_of_mailgun_finds_its_message(change: dict[str, Any], message: int | None) -> None:
    ((_, found, _),) = told(by_mailgun(made.mailgun(NOW, **made.mailgun_failed(42, WHO) | change)))
    assert found == message


# SendGrid


def test_sendgrid_is_believed_for_a_day_and_only_with_its_key(grid: SendGrid) -> None:
    """S71: none, wrong, changed, old, future, by another key."""
    key = sendgrid.public_key(grid.shown)
    signature, at, body = grid.call(NOW, made.sendgrid_event(42, WHO), made.sendgrid_event(43, "b@example.com", "open"))
    assert told(sendgrid.read(signature, at, body, key, NOW)) == [(Returned.HARD, 42, WHO)]
    sendgrid.read(signature, at, body, key, NOW + timedelta(hours=24))
    for late in (timedelta(hours=26), -timedelta(minutes=16)):
        with pytest.raises(Forged):
            sendgrid.read(signature, at, body, key, NOW + late)
    other = SendGrid().call(NOW, made.sendgrid_event(42, WHO))
    later = str(int(at) + 1)
    for forged in ((*other,), ("", at, body), ("!", at, body), (signature, later, body), (signature, at, body + b" ")):
        with pytest.raises(Forged):
            sendgrid.read(*forged, key, NOW)
    with pytest.raises(Forged):
        sendgrid.read(signature, "", body, key, NOW)


def test_another_spelling_of_the_same_signature_is_the_same_call(grid: SendGrid) -> None:
    """S71: an ECDSA signature (r, s) is as good with −s; what was signed names the call."""
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    key = sendgrid.public_key(grid.shown)
    signature, at, body = grid.call(NOW, made.sendgrid_event(42, WHO))
    r, s = decode_dss_signature(b64decode(signature))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    turned = b64encode(encode_dss_signature(r, order - s)).decode()
    assert turned != signature
    assert sendgrid.read(turned, at, body, key, NOW).key == sendgrid.read(signature, at, body, key, NOW).key


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Returned.HARD),
        ({"status": "5.2.2", "reason": "552 5.2.2 mailbox full"}, Returned.SOFT),
        ({"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 listed"}, Returned.POLICY),
        ({"type": "blocked", "status": "4.2.0", "reason": "452 try later"}, Returned.SOFT),
        ({"event": "dropped", "reason": "Bounced Address"}, Returned.HARD),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, Returned.COMPLAINT),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, Returned.OPT_OUT),
        ({"event": "dropped", "reason": "Spam Content (if Spam Checker app enabled)"}, Returned.POLICY),
        ({"event": "deferred"}, Returned.DELAYED),
        ({"event": "spamreport"}, Returned.COMPLAINT),
        ({"event": "group_unsubscribe"}, Returned.OPT_OUT),
        ({"event": "processed"}, None),
        ({"event": "click"}, None),
        ({"event": None}, None),
    ],
)
def test_what_sendgrid_reports(grid: SendGrid, change: dict[str, Any], kind: Returned | None) -> None:
    call = grid.call(NOW, made.sendgrid_event(42, WHO) | change, {"event": "bounce"}, {})
    found = told(sendgrid.read(*call, sendgrid.public_key(grid.shown), NOW))
    assert found[:-1] == ([] if kind is None else [(kind, 42, WHO)])
    assert found[-1][1] is None


def test_what_sendgrid_signed_and_is_no_list_is_malformed(grid: SendGrid) -> None:
    key, at = sendgrid.public_key(grid.shown), str(int(NOW.timestamp()))
    from base64 import b64encode

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    for body in (b"", b"{}", b"[", b"[" * 100_000):
        signature = b64encode(grid.own.sign(at.encode() + body, ECDSA(hashes.SHA256()))).decode()
        with pytest.raises(Malformed):
            sendgrid.read(signature, at, body, key, NOW)


@pytest.mark.parametrize("text", ["", "x", "AAAA", MAILGUN_KEY])
def test_a_key_of_sendgrid_that_is_none(text: str) -> None:
    with pytest.raises(Refused, match="ENGAGE_SENDGRID_KEY"):
        sendgrid.public_key(text)


# Amazon SES through SNS


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_amazon_is_believed_by_its_certificate_which_is_got_once(
    amazon: Amazon, version: str, more: dict[str, Any]
) -> None:
    certificates = Certificates(amazon.fetch)
    amazon.asked.clear()
    body = amazon.notice(made.ses_bounce(42, WHO), version=version, **more)
    assert told(by_amazon(amazon, body, certificates=certificates)) == [(Returned.HARD, 42, WHO)]
    by_amazon(amazon, body, NOW + timedelta(minutes=74), certificates)
    assert amazon.asked == [f"{AMAZON}/SimpleNotificationService-0123456789abcdef.pem"]


CERTIFICATES = [
    "",
    "http://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com:444/SimpleNotificationService-0a.pem",
    "https://evil.example/sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com\\@evil.example/SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com/../SimpleNotificationService-0a.pem",
    "https://sns.ap-northeast-1.amazonaws.com/other.pem",
    "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0a.pem?x",
    "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0a.pem#x",
    "https://sns.ap-northeast-1.amazonaws.com/ SimpleNotificationService-0a.pem",
    "https://s3.amazonaws.com/bucket/SimpleNotificationService-0a.pem",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", CERTIFICATES)
def test_a_certificate_from_elsewhere_is_not_even_asked_for(url: str) -> None:
    """S71, S42: the signature would be good; only Amazon's own hosts of the topic's region are asked."""
    evil = Amazon(NOW)
    with pytest.raises(Forged):
        by_amazon(evil, evil.notice(made.ses_bounce(42, WHO), SigningCertURL=url))
    assert evil.asked == []


def test_amazon_s_signature_moment_topic_and_certificate(amazon: Amazon) -> None:
    """S71: everything signed is covered; old, future, of another topic, by another key, expired."""
    good = json.loads(amazon.notice(made.ses_bounce(42, WHO), Subject="Bounce"))
    for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SignatureVersion", "Signature"):
        for value in ("", "x", good[name] + " ", None, 1):
            with pytest.raises(Forged):
                by_amazon(amazon, json.dumps(good | {name: value}).encode())
    with pytest.raises(Forged):
        by_amazon(amazon, json.dumps({k: v for k, v in good.items() if k != "Subject"}).encode())
    for at in (NOW - timedelta(minutes=76), NOW + timedelta(minutes=16)):
        with pytest.raises(Forged):
            by_amazon(amazon, amazon.notice(made.ses_bounce(42, WHO), at))
    with pytest.raises(Forged):
        by_amazon(amazon, amazon.notice(made.ses_bounce(42, WHO), TopicArn=TOPIC.replace("bounces", "others")))
    with pytest.raises(Forged):
        by_amazon(replace(amazon, own=Amazon(NOW).own), amazon.notice(made.ses_bounce(42, WHO)))
    for certificate in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(Forged):
            by_amazon(amazon, json.dumps(good).encode(), certificates=Certificates(lambda _, c=certificate: c))  # type: ignore[misc]
    old = Amazon(NOW, days=1)
    with pytest.raises(Forged):
        by_amazon(old, old.notice(made.ses_bounce(42, WHO)), NOW + timedelta(minutes=1))
    with pytest.raises(OSError, match="away"):
        by_amazon(replace(amazon, away=True), json.dumps(good).encode())


def test_a_subscription_is_confirmed_only_at_amazon_s_host_and_for_our_topic(amazon: Amazon) -> None:
    """S42: the address to ask comes from a signed message, and must be Amazon's all the same."""
    call = by_amazon(amazon, amazon.subscription())
    assert call.confirm == f"{AMAZON}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f"
    assert call.events == ()
    for url in (
        f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"{AMAZON}/x?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"{AMAZON}/?Action=DeleteTopic&TopicArn={TOPIC}",
        f"{AMAZON}/?Action=ConfirmSubscription&TopicArn={TOPIC}x",
        f"{AMAZON}/?Action=ConfirmSubscription&Action=DeleteTopic&TopicArn={TOPIC}",
        f"http://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}",
    ):
        with pytest.raises(Forged):
            by_amazon(amazon, amazon.subscription(url))


def bounce(**more: Any) -> dict[str, Any]:
    return made.ses_bounce(42, WHO, **more)


PLAIN = [{"emailAddress": WHO}]
EVENTS: list[tuple[dict[str, Any], Returned | None]] = [
    (bounce(), Returned.HARD),
    (bounce(bounceSubType="OnAccountSuppressionList", bouncedRecipients=PLAIN), Returned.HARD),
    (
        bounce(bouncedRecipients=[{"emailAddress": WHO, "status": "5.7.1", "diagnosticCode": "550 5.7.1 blocked"}]),
        Returned.POLICY,
    ),
    (bounce(bounceType="Transient", bounceSubType="MailboxFull"), Returned.SOFT),
    # That is how SES tells of an autoreply (R57).
    (bounce(bounceType="Transient", bouncedRecipients=PLAIN), Returned.AUTOREPLY),
    (bounce(bounceType="Transient", bounceSubType="ContentRejected"), Returned.POLICY),
    (bounce(bounceType="Undetermined", bounceSubType="Undetermined"), Returned.SOFT),
    (bounce(bounceType="x"), Returned.UNKNOWN),
    ({"eventType": "Bounce", **{k: v for k, v in bounce().items() if k != "notificationType"}}, Returned.HARD),
    ({"notificationType": "Complaint", "complaint": {"complainedRecipients": PLAIN}}, Returned.COMPLAINT),
    (
        {
            "notificationType": "Complaint",
            "complaint": {"complainedRecipients": PLAIN, "complaintFeedbackType": "abuse"},
        },
        Returned.COMPLAINT,
    ),
    (
        {
            "notificationType": "Complaint",
            "complaint": {"complainedRecipients": PLAIN, "complaintFeedbackType": "not-spam"},
        },
        Returned.REPORT,
    ),
    ({"eventType": "DeliveryDelay", "deliveryDelay": {"delayedRecipients": PLAIN}}, Returned.DELAYED),
    ({"eventType": "Open", "open": {}}, None),
    ({"eventType": "Click", "click": {}}, None),
    ({"notificationType": "Delivery", "delivery": {"recipients": [WHO]}}, None),
    ({}, None),
]


@pytest.mark.parametrize(("event", "kind"), EVENTS)
def test_what_amazon_reports(amazon: Amazon, event: dict[str, Any], kind: Returned | None) -> None:
    found = told(by_amazon(amazon, amazon.notice({"mail": made.ses_mail(42, WHO), **event})))
    assert found == ([] if kind is None else [(kind, 42, WHO)])


def test_how_an_event_of_amazon_finds_its_message(amazon: Amazon) -> None:
    def found(**mail: Any) -> list[int | None]:
        told = by_amazon(amazon, amazon.notice(made.ses_bounce(1, WHO) | {"mail": mail}))
        return [event.message_id for event in told.events]

    assert found(**made.ses_mail(42, WHO)) == [42]
    assert found(**made.ses_mail(42, WHO, headers=False)) == [None]
    assert found(**made.ses_mail(42, WHO, headers=False), commonHeaders={"messageId": "<engage-43@x>"}) == [43]
    # The return path, where it is ours and signed, goes before what the headers say.
    assert found(**made.ses_mail(42, WHO, source=path_of(44))) == [44]
    assert found(**made.ses_mail(42, WHO, source=path_of(44).replace("-", "-0"))) == [42]
    assert found(headers=7, source=7, commonHeaders=[]) == [None]


def test_amazon_s_own_words_are_no_event(amazon: Amazon) -> None:
    assert (
        by_amazon(amazon, amazon.notice("Successfully validated SNS topic for Amazon SES event publishing.")).events
        == ()
    )


def test_what_is_a_topic() -> None:
    assert is_topic(TOPIC)
    assert is_topic(TOPIC.replace("aws", "aws-cn").replace("ap-northeast-1", "cn-north-1"))
    for text in (
        "",
        "bounces",
        TOPIC + ":x",
        TOPIC.replace("sns", "sqs"),
        TOPIC.replace("ap-northeast-1", "evil.example/"),
    ):
        assert not is_topic(text)


def test_what_a_service_says_is_one_line_without_controls() -> None:
    """B70, S30: NUL, line ends, half characters."""
    body = made.mailgun(NOW, **made.mailgun_failed(42, WHO, said="no\0 such\r\nuser \ud800 \u202e"))
    (event,) = by_mailgun(body).events
    assert isinstance(event, Back)
    assert event.verdicts[0].why == "no such user"
