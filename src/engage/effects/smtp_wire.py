"""The bytes between us and a mail server: what is said goes out as the way is free, what comes in becomes answers."""

from __future__ import annotations

import smtplib
import socket
import ssl
from functools import lru_cache

from engage.effects.replies import Reply, reply

#: So much is read at once.
_MUCH = 1 << 16
#: Servers send less in a line of an answer (RFC 5321 says 512 bytes), and in all its lines.
_LONGEST_LINE, _LONGEST_ANSWER = 8192, 1 << 20
#: The way is not free, or there is nothing to read.
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """An open connection that is never waited for."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        #: the other side has ended it
        self.ended = False
        self._heard = bytearray()

    def say(self, words: memoryview) -> int:
        """Send as much as goes out now; return how many bytes."""
        try:
            return self.sock.send(words)
        except _NOT_NOW:
            return 0

    def hear(self) -> bool:
        """Read what there is; return whether anything was."""
        heard = False
        while True:
            try:
                some = self.sock.recv(_MUCH)
            except _NOT_NOW:
                return heard
            self._heard += some
            self.ended, heard = not some, heard or bool(some)
            # Of what is encrypted, more may wait that the system does not know of.
            if self.ended or (len(some) < _MUCH and not isinstance(self.sock, ssl.SSLSocket)):
                return heard

    def answer(self) -> Reply | None:
        """Return the next answer that was heard, if it is whole.

        Raises SMTPServerDisconnected where none will come, or what comes is none.
        """
        lines, start = list[bytes](), 0
        while (end := self._heard.find(b"\n", start)) >= 0:
            line, start = bytes(self._heard[start:end]), end + 1
            code = int(line[:3]) if line[:3].isdigit() else -1
            lines.append(line[4:].strip())
            if code == -1 or line[3:4] != b"-":
                del self._heard[:start]
                return _good(code) if 200 <= code < 400 else reply(code, b" ".join(lines))
        if self.ended or len(self._heard) - start > _LONGEST_LINE or start > _LONGEST_ANSWER:
            raise smtplib.SMTPServerDisconnected("the connection ended amid an answer")
        return None


@lru_cache(maxsize=200)
def _good(code: int) -> Reply:
    """Return a good answer; what is said with it is not kept."""
    return Reply(code, "")
