"""What mail servers' refusals mean, by examples from the field: nobody is marked by our own mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.effects.replies import Meaning, Reply, Stage, meaning, reply

MOMENT, RECIPIENT, MAIL, US = Meaning.MOMENT, Meaning.RECIPIENT, Meaning.MAIL, Meaning.US
EXAMPLES = [
    # Gmail, Outlook, Postfix, Exim, Yahoo, docomo: the recipient
    (Stage.RECIPIENT, "550 5.1.1 The email account that you tried to reach does not exist.", RECIPIENT),
    (Stage.RECIPIENT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", RECIPIENT),
    (Stage.RECIPIENT, "550 5.1.1 <a@b.c>: Recipient address rejected: User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 Unrouteable address", RECIPIENT),
    (Stage.RECIPIENT, "550 Unknown user x@docomo.ne.jp", RECIPIENT),
    (Stage.RECIPIENT, "550 5.2.1 The email account that you tried to reach is disabled.", RECIPIENT),
    (Stage.RECIPIENT, "501 5.1.3 Bad recipient address syntax", RECIPIENT),
    (Stage.RECIPIENT, "550 5.4.4 Host not found", RECIPIENT),
    (Stage.CONTENT, "554 5.1.1 no such user", RECIPIENT),
    # the same without enhanced codes, and with words in the address that servers say of us
    (Stage.RECIPIENT, "550 <police-dept@example.com>: User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 <sender@example.com>... User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 sender... User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 Unknown user: blocks@example.com", RECIPIENT),
    (Stage.RECIPIENT, "550 No such recipient info@polytech-policy.example", RECIPIENT),
    (Stage.RECIPIENT, "550 <spam@block.example>: Recipient address rejected: User unknown in local recipient table",
     RECIPIENT),
    (Stage.RECIPIENT, "550 <relay@example.com>: undeliverable address", RECIPIENT),
    (Stage.RECIPIENT, "550 Requested action not taken: mailbox unavailable (denied@example.com)", RECIPIENT),
    (Stage.RECIPIENT, "550 Requested action not taken: mailbox unavailable", RECIPIENT),
    (Stage.RECIPIENT, "550 No Such User Here", RECIPIENT),
    (Stage.RECIPIENT, "550 no such address here", RECIPIENT),
    (Stage.RECIPIENT, "550 Policeman has left the company", RECIPIENT),
    (Stage.RECIPIENT, "550 Invalid recipient: <x@softbank.ne.jp>", RECIPIENT),
    (Stage.RECIPIENT, "550 <x@ezweb.ne.jp>: User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 The user x@example.com does not exist; see our spam policy", RECIPIENT),
    (Stage.RECIPIENT, "550 Mailbox not found: access denied", RECIPIENT),
    (Stage.RECIPIENT, "550 5.1.1 The email account that you tried to reach is denied", RECIPIENT),
    (Stage.RECIPIENT, "550 5.4.1 Recipient address rejected: Access denied. [EXO]", RECIPIENT),
    (Stage.RECIPIENT, "550 5.7.1 <x@example.com>: Recipient address rejected: User unknown", RECIPIENT),
    (Stage.RECIPIENT, "550 5.0.0 <blocked@example.com>... User unknown", RECIPIENT),
    (Stage.RECIPIENT, "554 delivery error: dd This user doesn't have a yahoo.com account (spam@yahoo.com) [0]",
     RECIPIENT),
    (Stage.RECIPIENT, "553 sorry, no mailbox here by that name. (#5.7.17)", RECIPIENT),
    (Stage.RECIPIENT, "551 User not local; please try <x@example.com>", RECIPIENT),
    # not now
    (Stage.RECIPIENT, "450 4.2.0 Greylisted", MOMENT),
    (Stage.RECIPIENT, "452 4.2.2 The email account that you tried to reach is over quota.", MOMENT),
    (Stage.RECIPIENT, "552 5.2.2 Mailbox full", MOMENT),
    (Stage.RECIPIENT, "552 over quota", MOMENT),
    (Stage.SENDER, "421 4.7.28 unusual rate of mail from your IP", MOMENT),
    (Stage.BEGINNING, "454 4.7.0 Temporary authentication failure", MOMENT),
    # us
    (Stage.BEGINNING, "535 5.7.8 Username and Password not accepted", US),
    (Stage.BEGINNING, "554 5.7.1 Service unavailable; client blocked", US),
    (Stage.SENDER, "550 5.7.1 Client does not have permissions to send as this sender", US),
    (Stage.SENDER, "553 5.1.8 Sender address rejected: Domain not found", US),
    (Stage.SENDER, "550 5.1.1 unknown", US),
    (Stage.RECIPIENT, "554 5.7.1 <a@b.c>: Relay access denied", US),
    (Stage.RECIPIENT, "550 5.1.8 <me@x>: Sender address rejected: Domain not found", US),
    (Stage.RECIPIENT, "550 relay not permitted", US),
    (Stage.RECIPIENT, "550 Mail from 192.0.2.1 blocked using a RBL", US),
    (Stage.RECIPIENT, "550 <a@b.c>: blocked, see our policies", US),
    (Stage.RECIPIENT, "550 Your host is on our blocklist", US),
    (Stage.RECIPIENT, "550 Rejected, see https://www.spamhaus.org/query/ip/192.0.2.1", US),
    (Stage.RECIPIENT, "550 ERR_SPAM_DETECTED", US),
    (Stage.RECIPIENT, "550 Administrative prohibition", US),
    (Stage.RECIPIENT, "550 Relaying denied for <user@unknown.example>", US),
    (Stage.RECIPIENT, "550 unauthenticated senders are not welcome", US),
    (Stage.RECIPIENT, "550 The sender's mailbox does not exist", US),
    (Stage.RECIPIENT, "550 Verification failed for <me@x.example> Response: 550 User unknown Sender verify failed", US),
    (Stage.RECIPIENT, "550 Mailbox unavailable. Reject due to policy restrictions.", US),
    (Stage.RECIPIENT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", US),
    (Stage.RECIPIENT, "554 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", US),
    (Stage.RECIPIENT, "554 no", US),
    (Stage.CONTENT, "554 User unknown or message is spam", US),
    (Stage.SENDER, "550 User unknown", US),
    (Stage.RECIPIENT, "530 Authentication required", US),
    (Stage.CONTENT, "550 5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy", US),
    (Stage.CONTENT, "554 Message rejected as spam", US),
    # the mail
    (Stage.SENDER, "552 5.3.4 Message size exceeds fixed limit", MAIL),
    (Stage.CONTENT, "552 5.2.3 Message too large", MAIL),
    (Stage.CONTENT, "554 5.6.0 Message contains invalid header", MAIL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "said", "meant"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_examples(stage: Stage, said: str, meant: Meaning) -> None:
    assert meaning(stage, Reply(int(said[:3]), said[4:])) is meant


@given(st.sampled_from(Stage), st.integers(-1, 999), st.binary(max_size=40))
def test_every_reply_means_something(stage: Stage, code: int, said: bytes) -> None:
    refusal = reply(code, said)
    assert (meaning(stage, refusal) is MOMENT) or code >= 500
    assert refusal.text.isprintable() or not refusal.text.isascii()
    if stage in (Stage.BEGINNING, Stage.SENDER):
        assert meaning(stage, refusal) is not RECIPIENT
