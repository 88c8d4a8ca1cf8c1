"""Checks of addressees: ``owner``, ``user:sato``, ``group:east``, ``queue:inside-sales``, an e-mail address."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engage.language.meaning import Reader
from engage.language.source import Path
from engage.problem import unknown
from engage.wording import Sentence, sentence

#: How each kind of addressee is written.
_WRITTEN: Mapping[str, str] = {
    "owner": "owner",
    "user": "user:sato",
    "group": "group:east",
    "queue": "queue:inside-sales",
    "email": "an e-mail address",
}


def addressee(who: str, allowed: Collection[str], path: Path, reader: Reader) -> None:
    """Note what is wrong with an addressee; ``allowed`` names the kinds that may stand here."""
    kind, colon, name = who.partition(":")
    if "@" in who:
        kind = "email"
    elif not colon:
        kind = "owner" if who == "owner" else ""
    if kind not in allowed:
        reader.wrong(path, _not_here(who, kind, allowed, reader))
    elif kind == "email" and not is_address(who):
        reader.wrong(path, sentence("{who} is not an e-mail address", who=repr(who)))
    elif kind in ("user", "group", "queue"):
        reader.known(kind, name, _those(kind, reader), path)


def is_address(text: str) -> bool:
    """Tell whether a text is an e-mail address; its domain is not looked up."""
    # Imported late: the library takes longer to load than most files take to check.
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True


def _those(kind: str, reader: Reader) -> Collection[str]:
    vocabulary = reader.vocabulary
    return {"user": vocabulary.users, "group": vocabulary.groups, "queue": vocabulary.queues}[kind]


def _not_here(who: str, kind: str, allowed: Collection[str], reader: Reader) -> Sentence:
    """Return why an addressee cannot stand here, with what can."""
    written = ", ".join(text for word, text in _WRITTEN.items() if word in allowed)
    if kind == "group" and "owner" in allowed:
        return sentence(
            "a ToDo cannot go to a group; assign the prospect to {who} first, then write to: owner", who=who
        )
    meant = [word for word in ("user", "group", "queue") if word in allowed and who in _those(word, reader)]
    if meant:
        return sentence("write {kind}:{who} instead of {who}", kind=meant[0], who=who)
    if kind and kind not in _WRITTEN:
        return unknown("kind of addressee", kind, allowed)
    return sentence("{who} cannot stand here; write {written}", who=repr(who), written=written)
