"""What explains a prospect, in the reader's words: for templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as held

from engage.language.event_words import event_words
from engage.language.field_words import FIELDS
from engage.plan.moves import Plan
from engage.rehearse import telling
from engage.rehearse.explained import Taken
from engage.rehearse.mirror import Verdict
from engage.reports.words import mail_words, run_words, todo_words
from engage.wording import Voice, sentence

#: A rule of scoring as the ledger bears it: its number, what it counts, of what, its points.
_RULE = re.compile(r"(\d+) (\w+)(?: (.+))? [+-]\d+")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a language."""

    voice: Voice
    #: users' names by addressee, and what runs, by the scenarios' keys
    users: Mapping[str, str] = held(default_factory=dict)
    scenarios: Mapping[str, Plan] = held(default_factory=dict)

    def field(self, name: str) -> str:
        """Return a field."""
        return FIELDS[name].read(self.voice.locale) if name in FIELDS else name

    def event(self, name: str) -> str:
        """Return an activity."""
        return event_words(name).read(self.voice.locale)

    def run(self, state: str) -> str:
        """Return the state of a run."""
        return run_words(self.voice)[state]

    def mail(self, state: str) -> str:
        """Return the state of a mail."""
        return mail_words(self.voice)[state]

    def todo(self, word: str) -> str:
        """Return a status or a priority."""
        return todo_words(self.voice).get(word, word)

    def reason(self, text: str | None) -> str:
        """Return why something was not done."""
        return telling.reason_of(self.voice, text) if text else ""

    def origin(self, kind: str) -> str:
        """Return where points come from: of a rule, what it counts.

        >>> Words(Voice("en")).origin("2 page_viewed /pricing* +3"), Words(Voice("en")).origin("manual")
        ('viewed a page /pricing* (rule 2)', 'by hand')
        """
        rule = _RULE.fullmatch(kind)
        if rule is None:
            return telling.origin_of(self.voice, kind)
        what = " ".join(filter(None, (self.event(rule[2]), rule[3])))
        return sentence("{what} (rule {number})", what=what, number=rule[1]).read(self.voice.locale)

    def whom(self, addressee: str) -> str:
        """Return who has a ToDo."""
        kind, _, name = addressee.partition(":")
        if kind == "queue":
            return sentence("queue {name}", name=name).read(self.voice.locale)
        return self.users.get(addressee, name or addressee)

    def scenario(self, key: str) -> str:
        """Return a scenario by its name; one that runs no more by its key."""
        return self.scenarios[key].name if key in self.scenarios else key

    def outcome(self, word: str, taken: Taken | None = None) -> str:
        """Return how a step went."""
        return telling.outcome_of(self.voice, taken) if taken is not None else telling.plain_outcome(self.voice, word)

    def details(self, details: Iterable[tuple[str, str]]) -> Sequence[tuple[str, ...]]:
        """Return what else decided or was done."""
        return tuple(telling.details_of(self.voice, details))

    def role(self, role: str) -> str:
        """Return what a condition decided."""
        return telling.role_of(self.voice, role)

    def truth(self, holds: bool | None) -> str:
        """Return whether a condition holds."""
        return telling.truth_of(self.voice, holds)

    def joined(self, words: str) -> str:
        """Return what joins the parts of a condition."""
        return telling.joined_by(self.voice, words)

    def state(self, state: str) -> str:
        """Return how a criterion of the grade stands."""
        return telling.state_of(self.voice, state)

    def standing(self, standing: str) -> str:
        """Return how a prospect stands to a scenario."""
        return telling.standing_of(self.voice, standing)

    def bar(self, bar: str) -> str:
        """Return what bars the way into a scenario."""
        return telling.bar_of(self.voice, bar)

    def machine(self, why: str | None) -> str:
        """Return why it is known that a machine did something."""
        return telling.machine_of(self.voice, why)

    def leaves(self, verdict: Verdict) -> Sequence[Verdict]:
        """Return the comparisons of a condition."""
        return tuple(telling.leaves(verdict))

    def thirds(self, thirds: int) -> str:
        """Return by how much a criterion moves the grade, in letters: +1, −2/3.

        >>> [Words(Voice("en")).thirds(n) for n in (3, 2, 0, -1, -4)]
        ['+1', '+2/3', '0', '−1/3', '−1 1/3']
        """
        whole, rest = divmod(abs(thirds), 3)
        told = " ".join(part for part in (str(whole) if whole else "", f"{rest}/3" if rest else "") if part)
        return ("+" if thirds > 0 else "−" if thirds < 0 else "") + (told or "0")
