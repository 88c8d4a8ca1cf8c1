"""A mail server on loopback that answers as it is told, and keeps what it took."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: Answers of a script: end the connection without a word; after the mail was taken, too.
DROP, TAKE_AND_DROP = "drop", "take and drop"

#: What is answered to a command (connect, ehlo, mail, rcpt, data, content, dot, auth …) about a recipient, given all
#: that was said; None is the usual answer.
Script = Callable[[str, str], str | None]

_EXTENSIONS = ("PIPELINING", "ENHANCEDSTATUSCODES", "AUTH PLAIN", "SIZE 10000000")
_USUAL = {"connect": "220 test", "data": "354 go on", "quit": "221 bye", "auth": "235 2.7.0 welcome"}


@dataclass(frozen=True)
class Taken:
    """A mail that the server took."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class MailServer:
    """The server; ``script`` may be changed while it runs."""

    script: Script
    certificate: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def recipients(self) -> list[str]:
        """Whom the mails taken went to, each once for each mail."""
        return sorted(recipient for mail in self.taken for recipient in mail.recipients)

    def close(self) -> None:
        """End the server and wait for its threads."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(20)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        talk = Talk(self, connection)
        with suppress(OSError):
            talk.run()
        talk.connection.close()


@dataclass
class Talk:
    """One connection."""

    server: MailServer
    connection: socket.socket
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Answer until one side ends it."""
        self.lines = self.connection.makefile("rb")
        going = self.say("connect", "")
        # A line that was cut is no command.
        while going and (line := self.lines.readline()).endswith(b"\n"):
            said = line.decode("utf-8", "replace").strip()
            self.server.said.append(said)
            going = self.hear(said.partition(" ")[0].lower(), said)

    def hear(self, word: str, said: str) -> bool:
        """Answer one command; return whether the connection goes on."""
        match word:
            case "ehlo":
                extensions = [*_EXTENSIONS, *(["STARTTLS"] if self.server.certificate is not None else [])]
                first = "".join(f"250-{line}\r\n" for line in ["test", *extensions[:-1]])
                return self.say(word, said, f"{first}250 {extensions[-1]}")
            case "starttls":
                return self.say(word, said, "220 go on") and self.encrypt()
            case "mail" if self.sender is not None:
                return self.say("nested", said, "503 5.5.1 nested MAIL")
            case "mail":
                if self.say(word, said, good := "250 2.1.0 ok"):
                    self.sender = said if self.answered == good else None
                    return True
                return False
            case "rcpt" if self.sender is None:
                return self.say("early", said, "503 5.5.1 no MAIL")
            case "rcpt":
                if self.say(word, said, good := "250 2.1.5 ok"):
                    self.recipients += [said[said.index("<") + 1 : said.index(">")]] if self.answered == good else []
                    return True
                return False
            case "data" if not self.recipients:
                return self.say("early", said, "503 5.5.1 no RCPT")
            case "data":
                return self.say(word, self.recipients[0]) and (not self.answered.startswith("354") or self.take())
            case "rset":
                self.sender, self.recipients = None, []
        return self.say(word, said) and word != "quit"

    def encrypt(self) -> bool:
        """Go on in TLS."""
        assert self.server.certificate is not None
        self.connection = self.server.certificate.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")
        return True

    def take(self) -> bool:
        """Read a mail and answer it."""
        whom = self.recipients[0]
        if self.server.script("content", whom) == DROP:
            self.lines.readline()
            return False
        content = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                return False
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        answer = self.server.script("dot", whom) or "250 2.0.0 taken"
        if answer.startswith("2") or answer == TAKE_AND_DROP:
            sender = (self.sender or "").partition("<")[2].partition(">")[0]
            self.server.taken.append(Taken(sender, tuple(self.recipients), content))
        self.sender, self.recipients = None, []
        return answer not in (DROP, TAKE_AND_DROP) and self.write(answer)

    def say(self, word: str, said: str, usual: str | None = None) -> bool:
        """Answer a command by the script, else as usual; return whether the connection goes on."""
        self.answered = self.server.script(word, said) or usual or _USUAL.get(word, "250 2.0.0 ok")
        return self.answered != DROP and self.write(self.answered) and not self.answered.startswith("421")

    def write(self, text: str) -> bool:
        """Send a line."""
        self.connection.sendall(f"{text}\r\n".encode())
        return True


def only(command: str, answer: str, whom: str = "p1@") -> Script:
    """Return a script that answers one command so, where it is about a recipient, and all else as usual."""
    named = command in ("rcpt", "data", "content", "dot")
    return lambda said, about: answer if said == command and (whom in about or not named) else None


def usual(command: str, said: str) -> str | None:
    """Answer everything as usual."""
    return None


@contextmanager
def mail_server(script: Script = usual, certificate: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Give a running server; it ends afterwards."""
    server = MailServer(script, certificate)
    try:
        yield server
    finally:
        server.close()
