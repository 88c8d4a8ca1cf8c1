"""Delivery status notifications: what mail servers write to each other (RFC 3464, RFC 6533)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message

from engage.intake.returned.meaning import refused
from engage.intake.returned.shallow import Part, blocks, one_line
from engage.intake.returned.verdict import Verdict, plainer, verdict
from engage.sql.codes import Returned

_KINDS = ("message/delivery-status", "message/global-delivery-status")
_RECIPIENTS = ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient")


def verdicts(mail: Part) -> tuple[Verdict, ...]:
    """Return what a delivery status notification says, a verdict for each recipient; none where it is no such mail."""
    told = [part for part in mail.walk() if part.kind in _KINDS]
    return tuple(found for part in told for block in blocks(part.content) if (found := _read(block)) is not None)


def _read(block: Message) -> Verdict | None:
    """Return what a block says of its recipient; the first block of a report has none."""
    action, status = _value(block, "Action").lower(), _value(block, "Status")
    if not action and not status:
        return None
    said = _untyped(_value(block, "Diagnostic-Code"))
    addresses = [address for name in _RECIPIENTS for address in _addresses(_value(block, name))]
    # Comments follow the word, and some servers write «error» or «failure».
    if action.startswith(("fail", "error")) or (not action and status.startswith("5")):
        return verdict(refused(status, said), said or status, addresses)
    if action.startswith("delay") or (not action and status.startswith("4")):
        return verdict(Returned.DELAYED, said or status, addresses)
    if action.startswith(("deliver", "relay", "expand")) or status.startswith("2"):
        return verdict(Returned.DELIVERED, said or status, addresses)
    return None


def _addresses(text: str) -> Iterator[str]:
    """Yield the address of a field such as ``rfc822; a@example.com``, as written and without its escapes."""
    address = _untyped(text)
    if address:
        yield address
        yield plainer(address)


def _untyped(text: str) -> str:
    kind, semicolon, rest = text.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else text.strip()


def _value(block: Message, name: str) -> str:
    return one_line(str(block.get(name, "")))
