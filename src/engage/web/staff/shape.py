"""How the table of pages is written: a page is a method, an address, what answers, and who may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engage.accounts.roles import Role
from engage.web.staff.answers import Answer
from engage.web.staff.ask import Ask, Visit
from engage.wording import Sentence

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or a change, for who has logged in.

    A GET is answered with a connection that reads, a POST in one transaction, committed when the handler returns.
    """

    method: Method
    #: with parameters in braces, each between two slashes: ``/todos/{id}/done``
    path: str
    handler: Callable[[Ask], Answer]
    roles: frozenset[Role]
    #: shows a form that was refused once more, and why, by a connection that reads; None: a page with the reason
    again: Callable[[Ask, Sentence], Answer] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """An address that is open without a login; its handler takes care of its transactions itself."""

    method: Method
    path: str
    handler: Callable[[Visit], Answer]
    #: asked by programs, and so from anywhere: no cookie counts
    programs: bool = False
    #: waits for somebody elsewhere: done by hands of its own
    abroad: bool = False
