"""The program's faults and refusals, each with a sentence for the user."""

from __future__ import annotations

from engage.problem import Problem
from engage.wording import Sentence, sentence


class EngageError(Exception):
    """Something the user should read; the command ends with ``exit_code``."""

    exit_code = 1

    def __init__(self, message: Sentence | str) -> None:
        self.message = (
            message if isinstance(message, Sentence) else Sentence(message.replace("{", "{{").replace("}", "}}"))
        )
        super().__init__(str(self.message))


class Refused(EngageError):
    """The request cannot be carried out as it stands; nothing was changed."""


class Invalid(EngageError):
    """The workspace's files hold mistakes."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(sentence("the workspace has mistakes: {count}", count=len(problems)))


class Outside(EngageError):
    """A part outside failed: the database, the mail server, the disk."""

    exit_code = 3


class OldSchema(EngageError):
    """The database was made by another version of engage."""

    def __init__(self) -> None:
        super().__init__(sentence("the database has an old schema; run: engage db upgrade"))
