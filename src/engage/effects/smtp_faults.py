"""How a conversation with a mail server can end other than well."""

from __future__ import annotations

from engage.effects.replies import Reply, Stage

#: The service closes the connection (RFC 5321).
CLOSING = 421
#: Codes by which a server wants a login, of whatever mail they are said.
_LOGIN = (530, 534, 535, 538)


class Gone(Exception):
    """The connection could not be made, or ended before the content of a mail was sent."""

    closed = True

    def __init__(self, why: str, *, of_mail: bool = False) -> None:
        #: whether a mail was under way: it waits, lest it stand in the way of all others
        self.of_mail = of_mail
        super().__init__(why)


class Declined(Exception):
    """The server said no, before or after it had the content; it did not take the mail."""

    def __init__(self, stage: Stage, said: Reply) -> None:
        self.stage, self.reply = stage, said
        super().__init__(str(said))

    @property
    def closed(self) -> bool:
        """Whether the server closes the connection, for no fault of the mail's."""
        return self.reply.code == CLOSING and self.stage is not Stage.CONTENT

    @property
    def of_mail(self) -> bool:
        """Whether it was said of a mail and not of us before there was one."""
        return self.stage is not Stage.BEGINNING

    @property
    def of_one(self) -> bool:
        """Whether it was said of a recipient or a content: it may concern no other mail."""
        return self.stage in (Stage.RECIPIENT, Stage.CONTENT) and self.reply.code not in _LOGIN


class Unanswered(Exception):
    """The connection ended after the content had begun to leave: nobody knows whether the mail was taken."""
