"""Debian's Postfix on loopback, in a folder of its own: a real mail server that puts mail into a maildir."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_PROGRAM = "/usr/sbin/postfix"
_NOBODY = 65534
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mydestination =
mynetworks =
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/boxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
relay_domains = {domains}
{routes}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix that takes mail to p…@example.com, and no other."""

    port: int
    folder: Path

    @property
    def returned(self) -> Path:
        """The maildir of bounces+…@example.com."""
        return self.folder / "mail" / "returned"

    def mails(self, count: int, folder: str = "box") -> list[bytes]:
        """Return the mails delivered into a maildir, after waiting for so many."""
        box = self.folder / "mail" / folder / "new"
        for _ in range(300):
            if box.is_dir() and len(found := list(box.iterdir())) >= count:
                return [path.read_bytes() for path in found]
            time.sleep(0.1)
        raise AssertionError(f"{count} mails did not arrive:\n{self.log()}")

    def log(self) -> str:
        """Return what Postfix says of itself."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


@contextmanager
def postfix(**routes: str) -> Iterator[Postfix]:
    """Give a running Postfix; it ends afterwards. The test is skipped where it cannot run, except in CI.

    ``routes`` are further domains of one word each under .example, and the transport that takes their mail.
    """
    if not Path(_PROGRAM).exists() or os.geteuid() != 0:
        assert not os.environ.get("ENGAGE_CI"), "Postfix must be there in CI, for root: see .ci/run"
        pytest.skip("Postfix is not installed, or this is not root: apt-get install postfix")
    folder = Path(tempfile.mkdtemp(prefix="engage-postfix-"))
    try:
        port = _lay_out(folder, {f"{name}.example": transport for name, transport in routes.items()})
        _run(folder, "start")
        try:
            _wait(folder, port)
            yield Postfix(port, folder)
        finally:
            _run(folder, "stop")
    finally:
        shutil.rmtree(folder)


def _lay_out(folder: Path, routes: Mapping[str, str]) -> int:
    """Write the configuration; return the port that Postfix listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    folder.chmod(0o755)
    for name in ("queue", "data", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "mail", _NOBODY, _NOBODY)
    (folder / "boxes").write_text("/^p[0-9]+@example\\.com$/ box/\n/^bounces\\+.*@example\\.com$/ returned/\n")
    pairs = " ".join(f"{{ {domain} = {transport} }}" for domain, transport in routes.items())
    table = f"transport_maps = inline:{{ {pairs} }}" if routes else ""
    (folder / "main.cf").write_text(_MAIN.format(folder=folder, domains=" ".join(routes), routes=table))
    (folder / "master.cf").write_text(_MASTER.format(port=port))
    return port


def _run(folder: Path, word: str) -> None:
    done = subprocess.run([_PROGRAM, "-c", str(folder), word], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _wait(folder: Path, port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Postfix did not start: {(folder / 'log').read_text('utf-8')}")
