"""An authority of our own, and certificates that are good, expired, self-signed or for another name, by openssl."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

GOOD_FOR = 30


@dataclass(frozen=True)
class Authority:
    """A folder with an authority; who trusts ``file`` trusts what it signs."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def signed(self, name: str, host: str = "localhost", days: int = GOOD_FOR) -> ssl.SSLContext:
        """Return a server's side with a certificate that the authority has signed; days may be -1."""
        key, asked, made = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", key, "-out", asked)
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n", "ascii")
        signer = ("-CA", self.file, "-CAkey", self.folder / "authority.key", "-CAcreateserial")
        extra = ("-extfile", self.folder / f"{name}.ext")
        openssl("x509", "-req", "-in", asked, *signer, *extra, "-days", str(days), "-out", made)
        return served(made, key)

    def unsigned(self) -> ssl.SSLContext:
        """Return a server's side with a certificate that has signed itself."""
        key, made = self.folder / "own.key", self.folder / "own.pem"
        itself("localhost", key, made)
        return served(made, key)


def authority(folder: Path) -> Authority:
    """Make an authority; the test is skipped where openssl is not installed, except in CI."""
    if shutil.which("openssl") is None:
        assert not os.environ.get("ENGAGE_CI"), "openssl must be there in CI: see .ci/run"
        pytest.skip("openssl is not installed")
    itself("Our own authority", folder / "authority.key", folder / "authority.pem")
    return Authority(folder)


def itself(name: str, key: Path, made: Path) -> None:
    """Make a certificate that signs itself."""
    extra = ("-addext", f"subjectAltName=DNS:{name}") if " " not in name else ()
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", str(GOOD_FOR))
    openssl(*words, *extra, "-keyout", key, "-out", made)


def served(made: Path, key: Path) -> ssl.SSLContext:
    """Return a server's side of a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def openssl(*words: object) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
