"""What editors show: the real yaml-language-server, spoken to by its protocol, on a starter scenario."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engage.cli.editors import with_header
from tests.cli.conftest import Engage
from tests.support.starter import ROOT

OWN = ROOT / ".node" / "node_modules" / ".bin" / "yaml-language-server"


class Server:
    """A language server and one open document."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process, self.folder, self.number = process, folder, 0
        self.told: dict[str, list[dict[str, Any]]] = {}
        root = folder.as_uri()
        folders = [{"uri": root, "name": "w"}]
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": {}, "workspaceFolders": folders})
        self._send({"method": "initialized", "params": {}})

    def open(self, name: str, text: str) -> str:
        """Open a file with a text; return its address."""
        uri = (self.folder / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        """Ask about a place; lines and columns are counted from 0."""
        position = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position})

    def problems(self, uri: str) -> list[dict[str, Any]]:
        """Wait for what the server finds wrong."""
        while uri not in self.told:
            self._hear(self._read())
        return self.told[uri]

    def ask(self, method: str, params: object) -> Any:
        """Send a request and return its result."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self.number and "method" not in message:
                return message["result"]
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        """Note problems, and answer what the server asks."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self.told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:
            items = (message.get("params") or {}).get("items", ())
            empty = [None for _ in items] if message["method"] == "workspace/configuration" else None
            self._send({"id": message["id"], "result": empty})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        assert length, "the language server ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message


@pytest.fixture
def workspace(tmp_path: Path, run: Engage) -> Path:
    """Give a new workspace with one scenario."""
    folder = tmp_path / "new"
    assert run("init", str(folder), "--scenario", "whitepaper-nurture").code == 0
    return folder


@pytest.fixture
def server(workspace: Path) -> Iterator[Server]:
    """Give the language server on that workspace."""
    command = str(OWN) if OWN.exists() else shutil.which("yaml-language-server")
    if command is None:
        assert not os.environ.get("ENGAGE_CI"), "yaml-language-server must be there in CI: see .ci/run"
        pytest.skip("yaml-language-server is not installed: npm install --prefix .node yaml-language-server")
    pipe = subprocess.PIPE
    with subprocess.Popen([command, "--stdio"], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            yield Server(process, workspace)
        finally:
            process.kill()


NAME = "scenarios/whitepaper-nurture.yaml"


def test_an_editor_completes_explains_and_finds_the_line(server: Server, workspace: Path) -> None:
    text = (workspace / NAME).read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../.schemas/scenario.json\n")
    uri = server.open(NAME, text)
    assert server.problems(uri) == []
    lines = text.splitlines()
    mail = next(n for n, line in enumerate(lines) if "send_email:" in line)
    hover = server.at("hover", uri, mail, lines[mail].index("send_email") + 2)
    assert "e-mail" in json.dumps(hover, ensure_ascii=False)
    wrong = server.open("scenarios/wrong.yaml", text.replace("send_email:", "send_emial:", 1))
    assert mail in {problem["range"]["start"]["line"] for problem in server.problems(wrong)}
    head = with_header("scenarios/x.yaml", "name: X\naudience: {lists: [a]}\nsteps:\n  - id: first\n    \n")
    new = server.open("scenarios/x.yaml", head)
    offered = server.at("completion", new, 5, 4)
    labels = {item["label"] for item in offered["items"]}
    assert {"send_email", "wait", "rule", "trigger"} <= labels


def test_init_writes_schemas_and_settings_that_belong_together(workspace: Path) -> None:
    settings = json.loads((workspace / ".vscode" / "settings.json").read_text("utf-8"))
    for schema, files in settings["yaml.schemas"].items():
        assert (workspace / schema).is_file()
        assert list(workspace.glob(files)), files
    for path in (*workspace.glob("*.yaml"), *workspace.glob("scenarios/*.yaml")):
        first = path.read_text("utf-8").splitlines()[0]
        assert (path.parent / first.partition("$schema=")[2]).is_file()


def test_the_schemas_of_all_kinds_are_written_into_a_folder(tmp_path: Path, run: Engage) -> None:
    assert run("schema", "--folder", str(tmp_path / "s")).code == 0
    assert {"scenario.json", "engage.json", "front-matter.json"} <= {path.name for path in (tmp_path / "s").iterdir()}
