"""What strangers send: broken and forged links, odd requests, bodies without end. Nothing is changed, nothing fails."""

from __future__ import annotations

import json
import random
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.web import KEY, Web, click, link
from tests.support.world import World
from tests.web.conftest import message_of

#: What B65 names, and what else breaks programs.
ODD = (
    b"", b"%00", b"%", b"%zz", b"%ff", b"%c0%ae", b"..", b"../../etc/passwd", b"%2e%2e%2f", b"\xff\xfe", b"\x80",
    "日本".encode(), "日本".encode("shift_jis"), b"1", b".", b"1.", b".x", b"-1.x", b"0x1.x", b"1" * 17 + b".x",
    b"a" * 10_000, b"%E3%81" * 1_500, b"1.'OR 1=1--", b"{{7*7}}", b"1;id", b"null", b"undefined", b"[]", b"1.%0d%0aX:y",
    b"1.\tx", b"%F0%9F%98%80", b"?", b"#", b"/", b"//evil.example", b"1./\\evil.example", b"?to=https://evil.example",
    b"1.AAAAAAAAAAAAAAAAAAAAAA", b"1.AAAAAAAAAAAAAAAAAAAAAA/aHR0cHM6Ly9ldmlsLmV4YW1wbGU", b"\xed\xa0\x80", b"%ed%a0%80",
)  # fmt: skip
LETTERS = b"oucpvt"


def fuzzed(good: list[bytes], count: int) -> Iterator[bytes]:
    """Yield paths: good links with something wrong in them, and nonsense; never a good one."""
    dice = random.Random(65)
    known = set(good)
    yield from (b"/%c/%s" % (letter, odd) for letter in LETTERS for odd in ODD)
    while True:
        path = bytearray(dice.choice(good))
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(3, len(path))
            match dice.randrange(6):
                case 0:
                    path[place] = dice.choice(b"abcXYZ0189-_.%/~")
                case 1:
                    del path[place:]
                    path += b"A"
                case 2:
                    path[place:place] = dice.choice(ODD)[:200]
                case 3:
                    path[1] = dice.choice([each for each in LETTERS if each != path[1]])
                case 4:
                    path += dice.choice(ODD)[:200]
                    path += b"A"
                case _:
                    path[place:place] = bytes([dice.randrange(128, 256)])
        if not set(b" ?#") & set(path) and bytes(path) not in known and not path.endswith(b"/"):
            count -= 1
            if not count:
                return
            yield bytes(path)


class Wire:
    """A connection that is kept; begun anew where the server ended it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._file: Any = None
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """Send bytes and return status, headers and body of the answer."""
        for _ in range(2):
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), 20)
                self._file = self._socket.makefile("rb")
            self._socket.sendall(request)
            line = self._file.readline()
            if line:
                return self._rest(line)
            self.close()
        raise AssertionError(request)

    def _rest(self, line: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        headers = {}
        while header := self._file.readline().strip():
            name, _, value = header.partition(b": ")
            headers[name] = value
        body = self._file.read(int(headers[b"content-length"]))
        if headers.get(b"connection") == b"close":
            self.close()
        return int(line.split()[1]), headers, body

    def close(self) -> None:
        if self._socket is not None:
            self._file.close()
            self._socket.close()
            self._socket = None


def test_ten_thousand_broken_links(world: World, web: Web) -> None:
    """B65, S47: the pixel answers with its picture, all else with the same page; nothing is heard, nothing fails."""
    message = message_of(world, "john")
    good = [link(p, message).encode() for p in ("unsubscribe", "preferences", "view", "open", "trap")]
    good.append(click(message, "https://example.com/cases?a=%25&b=日本").encode())
    wire, seen = Wire(web.port), Counter[tuple[str, int]]()
    for path in fuzzed(good, 10_000):
        status, _, body = wire.ask(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        seen[path[1:2].decode(), status] += 1
        if status == 200:
            assert path.startswith(b"/o/"), path
            assert body.startswith(b"GIF89a")
    wire.close()
    assert {status for _, status in seen} == {200, 400, 404}
    # 400: what is no HTTP at all, such as bytes above 127 in an address.
    assert sum(count for (_, status), count in seen.items() if status == 400) < 5_000
    assert sum(seen.values()) >= 10_000
    assert not world.rows("heard", "id")
    assert not world.rows("consents", "id")


def test_a_redirect_leads_where_its_signature_says_and_nowhere_else(world: World, web: Web) -> None:
    """S45, S33: each part of a link changed, and targets that browsers read as another host."""
    message, target = message_of(world, "john"), "https://example.com/a?b=%25&c=あ#d"
    good = click(message, target)
    answer = web.say(
        f"GET {good}?to=https://evil.example HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 302 ")
    assert f"\r\nlocation: {target}\r\n".encode() in answer
    other = click(message, "https://evil.example/").rpartition("/")[2]
    start, _, encoded = good.rpartition("/")
    for path in (f"{start}/{other}", f"{start}/", start, f"{start}/{encoded}A", good.replace("/c/", "/o/")):
        assert web.get(path).headers.get("location") is None, path
    assert web.get(click(message + 1, target).replace(f"/{message + 1:x}.", f"/{message:x}.")).status == 404
    odd = ("javascript:alert(1)", "//evil.example", "/\\evil.example", "https:evil.example", "data:text/html,x",
           "https://example.com/\r\nSet-Cookie: a=b", "https:///evil.example", "ftp://a.b", "https://")  # fmt: skip
    for each in odd:
        answer = web.say(f"GET {click(message, each)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404 "), each
        assert b"set-cookie" not in answer.lower()


def test_a_link_signed_by_the_key_before_still_works(world: World, web: Web) -> None:
    """S47: see test_keys for keys that are kept; here the old key is not, and its links are refused."""
    message = message_of(world, "john")
    assert web.get(link("unsubscribe", message, "a key from before")).status == 404
    assert web.get(link("unsubscribe", message, KEY)).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(world: World, web: Web, method: str) -> None:
    """S73"""
    if method == "CONNECT":
        assert web.say(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n").split(b" ")[1] in (b"400", b"404", b"405")
        return
    for path in (link("unsubscribe", message_of(world, "john")), link("open", 1), "/health"):
        answer = web.ask(method, path)
        assert answer.status == 405
        assert answer.headers["allow"].startswith("GET, HEAD")
    assert not world.rows("consents", "id")


def test_a_pixel_takes_no_post(world: World, web: Web) -> None:
    assert web.post(link("open", message_of(world, "john"))).status == 405


def test_every_answer_bears_strict_headers(world: World, web: Web) -> None:
    """S73: pages run nothing, load nothing, stand in no frame, are kept nowhere and tell nobody where one came from."""
    message = message_of(world, "john")
    paths = [link(p, message) for p in ("unsubscribe", "preferences", "view", "open", "trap")]
    for path in [*paths, click(message, "https://example.com"), "/health", "/nothing", "/"]:
        headers = web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert ("script-src 'self'" in policy) == (path == "/"), "only the staff pages run scripts, their own"
        assert ("unsafe-inline" in policy) == path.startswith("/v/"), "a mail brings its own styles, and is sandboxed"
        assert ("sandbox" in policy) == path.startswith("/v/")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "noindex" in headers["x-robots-tag"]
        assert "server" not in headers
        assert "set-cookie" not in headers
        assert "strict-transport-security" not in headers, "the public address of this server is http"


def test_a_page_loads_nothing_from_anywhere(world: World, web: Web) -> None:
    page = web.get(link("preferences", message_of(world, "john"))).text
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    assert "//" not in page.replace("<!DOCTYPE", "")


def test_a_body_has_an_end(world: World, web: Web) -> None:
    """B67: a large form, announced or not, is refused."""
    path = link("unsubscribe", message_of(world, "john"))
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    assert web.ask("POST", path, b"a" * 10_001, **kind).status == 413
    answer = web.say(
        b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n" % path.encode()
    )
    assert answer.startswith(b"HTTP/1.1 415 ")
    chunks = b"2710\r\n" + b"a" * 10_000 + b"\r\n2710\r\n" + b"a" * 10_000 + b"\r\n0\r\n\r\n"
    answer = web.say(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % path.encode() + chunks)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert not world.rows("consents", "id")


def test_a_form_is_a_form(world: World, web: Web) -> None:
    """B68"""
    path = link("unsubscribe", message_of(world, "john"))
    for kind in ("application/json", "text/plain", "application/xml"):
        assert web.ask("POST", path, b"{}", Content_Type=kind).status == 415
    assert not world.rows("consents", "id")
    many = b"&".join(b"shown=1" for _ in range(10_000))
    answer = web.ask("POST", link("preferences", 1), many, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 200
    odd = b"a[b]=1&__proto__=2&save=yes&list=%00&list=%ff&shown=%00&shown=\xff"
    assert web.ask("POST", link("preferences", 1), odd).status == 200
    assert not world.rows("consents", "id")


def test_a_head_has_an_end(world: World, web: Web) -> None:
    """An address or a header without end is refused before it fills the memory."""
    assert web.say(b"GET /" + b"a" * 100_000).startswith(b"HTTP/1.1 400 ")
    assert web.say(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000).startswith(b"HTTP/1.1 400 ")
    answer = web.say(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert web.get("/health").status == 200


def test_two_lengths_are_refused(world: World, web: Web) -> None:
    """S70"""
    path = link("unsubscribe", message_of(world, "john")).encode()
    both = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % path
    assert web.say(both).startswith(b"HTTP/1.1 400 ")
    two = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd" % path
    assert web.say(two).startswith(b"HTTP/1.1 400 ")


def test_health_tells_nothing_of_anybody(world: World, web: Web) -> None:
    answer = web.get("/health")
    assert answer.status == 200
    assert json.loads(answer.text) == {"state": "ok"}
