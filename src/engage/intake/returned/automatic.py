"""Mail that nobody wrote and that is no bounce: autoreplies (RFC 3834), warnings, echoes of lists, receipts."""

from __future__ import annotations

import re

from engage.intake.returned.shallow import Part
from engage.sql.codes import Returned

_ADDRESS = re.compile(r"[^\s<>()\",;:]{1,64}@")
_DAEMON = re.compile(
    r"(?:mailer-daemon|mailerdaemon|postmaster|mail-daemon|mdaemon|double-bounce)(?:@|$)", re.IGNORECASE
)
#: Headers of programs that answer by themselves, wherever they stand.
_ANSWERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponse",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
    "X-Auto-Reply-From",
)
_SUBJECT = re.compile(
    r"(?:(?:re|aw|sv|fwd?):\s*)*[\[(【]?\s*(?:auto(?:matic|mated)?[- ]?(?:reply|response)|out of (?:the )?office"
    r"|away from|on vacation|vacation|abwesenheit|automatische antwort|r[ée]ponse automatique|respuesta autom[áa]tica"
    r"|自動返信|自動応答|自動回答|不在(?:通知|の|です|に)|休暇|自动回复|자동)",
    re.IGNORECASE,
)
_WARNING = re.compile(
    r"warning: (?:could not send|message .{0,60}delayed)|delivery (?:is )?delayed|delayed mail"
    r"|delivery status notification ?\(delay\)|still being retried|(?:has )?not yet been delivered|遅延",
    re.IGNORECASE,
)
_RECEIPT = "message/disposition-notification"


def is_from_daemon(mail: Part) -> bool:
    """Return whether a mail says that a mail server wrote it."""
    sender = mail.get("From")
    address = _ADDRESS.search(sender)
    return bool(_DAEMON.match(address[0] if address else sender) or mail.get("X-Failed-Recipients"))


def answers_itself(mail: Part) -> bool:
    """Return whether a program answered for somebody: vacation, out of office."""
    if mail.get("Auto-Submitted").lower().startswith("auto-replied"):
        return True
    precedence = f"{mail.get('Precedence')} {mail.get('X-Precedence')}".lower()
    if "auto_reply" in precedence or "auto-reply" in precedence:
        return True
    return any(mail.get(name) for name in _ANSWERS) or bool(_SUBJECT.match(mail.get("Subject")))


def is_warning(mail: Part) -> bool:
    """Return whether a mail server says that it still tries."""
    return bool(_WARNING.search(mail.get("Subject")))


def beside(mail: Part) -> Returned | None:
    """Return what a mail is that no server sent back: an autoreply, an echo, a receipt; None: something else."""
    if any(part.kind == _RECEIPT for part in mail.walk()):
        return Returned.REPORT
    if mail.get("List-Id") or mail.get("X-BeenThere") or mail.get("Message-ID").startswith("<engage-"):
        return Returned.ECHO
    submitted = mail.get("Auto-Submitted").lower()
    if answers_itself(mail) or (submitted and not submitted.startswith("no")):
        return Returned.AUTOREPLY
    return Returned.ECHO if mail.get("Precedence").lower() in ("list", "bulk", "junk") else None
