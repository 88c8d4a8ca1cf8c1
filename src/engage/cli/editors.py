"""What editors need of a workspace: the schemas beside its files, a line in each file, and settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from engage.language.formatting import kind_of
from engage.language.schema import KINDS, json_schema

#: Where the schemas of a workspace stand.
FOLDER = ".schemas"
_HEADER = re.compile(r"# yaml-language-server: \$schema=[^\n]*\n")


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write the JSON Schema of every kind of file into a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in KINDS:
        path = folder / f"{kind}.json"
        path.write_text(json.dumps(json_schema(kind), ensure_ascii=False, indent=1) + "\n", "utf-8")
        written.append(path)
    return tuple(written)


def with_header(path: str, text: str) -> str:
    """Return a file's text with the line that names its schema to editors, once.

    >>> with_header("scenarios/welcome.yaml", "name: W\\n").splitlines()[0]
    '# yaml-language-server: $schema=../.schemas/scenario.json'
    """
    kind = kind_of(path)
    if kind is None:
        return text
    up = "../" * path.count("/")
    return f"# yaml-language-server: $schema={up}{FOLDER}/{kind}.json\n{_HEADER.sub('', text, count=1)}"


def vscode_settings() -> str:
    """Return ``.vscode/settings.json``: which schema holds for which files."""
    files: Mapping[str, str] = {kind: f"{kind}.yaml" for kind in KINDS if kind not in ("scenario", "front-matter")}
    schemas = {f"{FOLDER}/{kind}.json": name for kind, name in {"scenario": "scenarios/*.yaml", **files}.items()}
    settings = {"yaml.schemas": schemas, "yaml.yamlVersion": "1.2", "[yaml]": {"editor.tabSize": 2}}
    return json.dumps(settings, ensure_ascii=False, indent=2) + "\n"


def prepare(folder: Path) -> None:
    """Put the schemas and the settings of editors into a workspace; settings that are there stay."""
    write_schemas(folder / FOLDER)
    settings = folder / ".vscode" / "settings.json"
    if not settings.exists():
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(vscode_settings(), "utf-8")
