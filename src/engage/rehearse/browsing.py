"""How invented people visit the company's pages: which they read, what they download and ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from engage.rehearse.chance import weighted
from engage.rehearse.happenings import Happening, minutes, working_hour
from engage.rehearse.people import Person

#: Each form: how many of a hundred visits of a keen person end in it, and the file that it gives.
_FORMS = (
    ("whitepaper", 9.0, "/files/whitepaper-sales-dx.pdf"),
    ("document-request", 8.0, "/files/sakura-suite.pdf"),
    ("demo", 2.0, None),
    ("contact", 2.0, None),
)
_SEARCHES = ("料金", "導入事例", "連携", "セキュリティ", "API", "名刺管理", "無料トライアル")


@dataclass(slots=True)
class Website:
    """The company's pages; nobody asks for the same thing twice."""

    asked: set[tuple[str, str]] = field(default_factory=set)

    def day(self, chance: Random, people: tuple[Person, ...], day: datetime, eagerness: float) -> Iterator[Happening]:
        """Yield what all people do of themselves on a local day."""
        for person in people:
            if chance.random() < eagerness * (0.003 + 0.24 * person.interest**1.5):
                yield from self.visit(chance, person, working_hour(chance, day))

    def visit(
        self, chance: Random, person: Person, at: datetime, first: str | None = None, keenness: float = 1.0
    ) -> Iterator[Happening]:
        """Yield a visit: its pages, the first of which may be given, a search, perhaps a form."""
        yield Happening(at, person.email, "site_visit")
        pages = [first] if first else []
        pages += [weighted(chance, _pages(person)) for _ in range(chance.choice((1, 1, 2, 2, 3, 4)) - len(pages))]
        for page in pages:
            yield Happening(at, person.email, "page_viewed", page)
            at = minutes(chance, at)
        if chance.random() < 0.06:
            yield Happening(at, person.email, "site_searched", chance.choice(_SEARCHES))
        for form, percent, file in _FORMS:
            if chance.random() * 100 < percent * (0.25 + 1.2 * person.interest) * keenness:
                yield from self.ask(chance, person, minutes(chance, at), form, file)
                return

    def ask(
        self, chance: Random, person: Person, at: datetime, form: str, file: str | None = None
    ) -> Iterator[Happening]:
        """Yield the submission of a form, and the download that follows, unless it was submitted before."""
        if (person.email, form) in self.asked:
            return
        self.asked.add((person.email, form))
        yield Happening(at, person.email, "form_submitted", form)
        if file is not None and chance.random() < 0.8:
            yield Happening(minutes(chance, at), person.email, "file_downloaded", file)


def _pages(person: Person) -> tuple[tuple[str, float], ...]:
    """Return pages and their weights: the keener, the nearer to the price."""
    return (
        ("/", 18),
        (f"/products/{person.product_interest or 'crm'}", 22),
        ("/cases", 8),
        ("/cases/manufacturing-a", 7),
        ("/news", 7),
        ("/resources", 8),
        ("/company", 5),
        ("/seminars/crm", 4),
        ("/pricing", 2 + 12 * person.interest),
        ("/demo", 1 + 4 * person.interest),
    )
