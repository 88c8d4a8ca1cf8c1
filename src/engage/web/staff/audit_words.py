"""What a line of the audit log says beside its deed, in the reader's words; files have it as it is kept."""

from __future__ import annotations

from collections.abc import Mapping

from engage.accounts.audit import Entry
from engage.web.staff.scenarios import STATES
from engage.web.staff.team import ROLE_NAMES
from engage.wording import Locale, Sentence, sentence

_NAMES: Mapping[str, Sentence] = {
    "way": sentence("way of coming in"),
    "why": sentence("reason"),
    "role": sentence("role"),
    "before": sentence("role before"),
    "after": sentence("role now"),
    "count": sentence("how many"),
    "ended": sentence("runs ended"),
    "state": sentence("state before"),
    "version": sentence("version"),
    "mode": sentence("way of importing"),
    "file": sentence("file"),
    "to": sentence("file"),
    "chosen": sentence("only a part"),
    "read": sentence("rows read"),
    "inserted": sentence("inserted"),
    "updated": sentence("updated"),
    "unchanged": sentence("unchanged"),
    "deleted": sentence("deleted"),
    "rejected": sentence("rejected"),
    "added": sentence("added"),
    "changed": sentence("changed"),
    "removed": sentence("removed"),
    "reworded": sentence("put in other words"),
    "messages": sentence("e-mails"),
    "notices": sentence("notifications"),
    "calls": sentence("webhooks and actions"),
    "template": sentence("template"),
    "old": sentence("version before"),
    "new": sentence("version now"),
}
_WAYS: Mapping[str, Sentence] = {
    "password": sentence("password"),
    "oidc": sentence("identity provider"),
    "invitation": sentence("link in a mail"),
}
_REASONS: Mapping[str, Sentence] = {
    "password": sentence("wrong name or password"),
    "code": sentence("wrong code"),
    "unknown identity": sentence("the identity is not known here"),
}
_MODES: Mapping[str, Sentence] = {
    "insert": sentence("insert"),
    "update": sentence("update"),
    "upsert": sentence("insert and update"),
    "delete": sentence("delete"),
}
_ROLES: Mapping[str, Sentence] = {str(role): said for role, said in ROLE_NAMES.items()}
#: The values of each name that have words.
_VALUES: Mapping[str, Mapping[str, Sentence]] = {
    "way": _WAYS,
    "why": _REASONS,
    "role": _ROLES,
    "before": _ROLES,
    "after": _ROLES,
    "state": STATES,
    "mode": _MODES,
    "chosen": {"True": sentence("yes"), "False": sentence("no")},
}


def details(line: Entry, locale: Locale) -> str:
    """Return a line's details, those that are known first; a name or value that is not known stands as it is kept.

    >>> from engage.clock import moment
    >>> line = Entry(1, moment(0), "user:ann", "logged_in", "user:ann", {"way": "password", "x_of_mine": "7"})
    >>> details(line, "en"), details(line, "ja")
    ('way of coming in: password; x_of_mine: 7', 'ログイン方法: パスワード; x_of_mine: 7')
    """
    known = [name for name in _NAMES if name in line.detail]
    told = ((name, line.detail[name]) for name in (*known, *(each for each in line.detail if each not in _NAMES)))
    parts = ((_said(_NAMES, name, locale), _said(_VALUES.get(name, {}), value, locale)) for name, value in told)
    return "; ".join(f"{name}: {value}" for name, value in parts)


def _said(words: Mapping[str, Sentence], word: str, locale: Locale) -> str:
    return words[word].read(locale) if word in words else word
