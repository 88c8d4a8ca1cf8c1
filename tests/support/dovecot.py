"""Debian's Dovecot on loopback, in a folder of its own: a real IMAP server with one maildir."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_PROGRAM = "/usr/sbin/dovecot"
_NOBODY = 65534
_SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail
first_valid_uid = 1000
ssl = {tls}
disable_plaintext_auth = no
{certificate}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {safe_port}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/home
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot with the user ``reader`` and the password ``secret``."""

    port: int
    safe_port: int
    folder: Path

    @property
    def maildir(self) -> Path:
        """Where the box is."""
        return self.folder / "mail"

    def put(self, *mails: bytes, folder: str = "") -> None:
        """Put new mails into the box."""
        box = self.maildir / folder
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True, exist_ok=True)
        for number, mail in enumerate(mails):
            path = box / "new" / f"{time.time_ns()}.{number}.test"
            path.write_bytes(mail)
        for path in (self.maildir, *self.maildir.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)


@contextmanager
def dovecot(certificate: Path | None = None) -> Iterator[Dovecot]:
    """Give a running Dovecot; it ends afterwards. The test is skipped where it cannot run, except in CI.

    ``certificate`` is a file NAME.pem beside its NAME.key; without one it speaks no TLS.
    """
    if not Path(_PROGRAM).exists() or os.geteuid() != 0:
        assert not os.environ.get("ENGAGE_CI"), "Dovecot must be there in CI, for root: see .ci/run"
        pytest.skip("Dovecot is not installed, or this is not root: apt-get install dovecot-imapd")
    folder = Path(tempfile.mkdtemp(prefix="engage-dovecot-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    (folder / "home").mkdir()
    port, safe_port = _free(), _free()
    key = "" if certificate is None else f"ssl_cert = <{certificate}\nssl_key = <{certificate.with_suffix('.key')}"
    tls = "no" if certificate is None else "yes"
    text = _SETTINGS.format(folder=folder, port=port, safe_port=safe_port, tls=tls, certificate=key)
    (folder / "dovecot.conf").write_text(text)
    made = Dovecot(port, safe_port, folder)
    made.put()
    process = subprocess.Popen([_PROGRAM, "-F", "-c", folder / "dovecot.conf"], stderr=subprocess.PIPE)
    try:
        _wait(port, folder)
        yield made
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait(port: int, folder: Path) -> None:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as asked:
                if asked.recv(100).startswith(b"* OK"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    log = folder / "log"
    raise AssertionError(f"Dovecot did not start: {log.read_text('utf-8') if log.exists() else ''}")
