"""What several tests of mail need."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a certificate for localhost that nobody has signed, with its key in the same file."""
    if shutil.which("openssl") is None:
        assert not os.environ.get("ENGAGE_CI"), "openssl must be there in CI: see .ci/run"
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost", *files], check=True, capture_output=True)
    made = folder / "both.pem"
    made.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return made
