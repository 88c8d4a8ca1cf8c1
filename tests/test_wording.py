"""Every sentence that people read has its Japanese twin, with the same places for values."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import Environment, nodes

import engage
from engage.wording import Sentence, catalogue, sentence

SOURCE = Path(engage.__file__).parent
#: Which argument of which function is a sentence's English text, or a word that stands in one.
SPOKEN = {
    "sentence": slice(0, 1),
    "unknown": slice(0, 1),
    "known": slice(0, 1),
    "read": slice(0, 1),
    "words": slice(0, None),
    "finding": slice(3, 4),
    "PydanticCustomError": slice(1, 2),
}
#: Functions of this name that are not the session's.
NOT_SPOKEN = {"read": "session"}


def spoken() -> set[str]:
    """Return every English text that the source says."""
    said = {text for path in SOURCE.rglob("*.py") for text in spoken_in(ast.parse(path.read_text("utf-8")))}
    return said | spoken_in_pages()


def spoken_in_pages() -> set[str]:
    """Return every English text that the templates of pages say."""
    found = set()
    for path in SOURCE.rglob("pages/*.html"):
        tree = Environment().parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                assert call.args, f"{path.name}, line {call.lineno}: say() without a text"
                text = call.args[0]
                assert isinstance(text, nodes.Const), f"{path.name}, line {text.lineno}: say() of what is no text"
                found.add(text.value)
    return found


def spoken_in(module: ast.Module) -> Iterator[str]:
    """Yield the English texts of a module."""
    given = dict(assigned(module))
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and (name := called(node)) in SPOKEN:
            for argument in node.args[SPOKEN[name]]:
                yield from texts(argument, given)


def called(node: ast.Call) -> str:
    """Return the name of what is called; a method only where it is the session's or the reader's."""
    match node.func:
        case ast.Name(id=name):
            return "" if name in ("read", "words") else name
        case ast.Attribute(value=ast.Name(id="session" | "speaker"), attr=name):
            return name
        case ast.Attribute(value=ast.Name(id="self" | "reader"), attr="known"):
            return "known"
    return ""


def assigned(module: ast.Module) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield each name with all that a module assigns to it."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.For(
                target=ast.Tuple(elts=[*_, ast.Name(id=name)]), iter=ast.Call(func=ast.Attribute(value=value))
            ):
                found.setdefault(name, []).append(value)
    yield from found.items()


def texts(node: ast.expr, given: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Yield the texts that an expression may be."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name):
            for value in given.pop(name, []):
                yield from texts(value, given)
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts(one, given), *texts(other, given))
        case ast.Dict(values=values) | ast.Tuple(elts=values):
            for value in values:
                yield from texts(value, given)
        case ast.Subscript(value=value):
            yield from texts(value, given)
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=arguments):
            yield from texts(value, given)
            for argument in arguments[1:]:
                yield from texts(argument, given)
        case ast.Starred(value=value):
            yield from texts(value, given)


def places(text: str) -> set[str]:
    """Return the names of the places for values."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def twins() -> dict[str, str]:
    found: dict[str, str] = json.loads((SOURCE / "ja.json").read_text("utf-8"))
    return found


#: Texts that need no twin: nothing but places and signs.
SIGNS = re.compile(r"(\{\w+\}|[\W\d_])*")


def test_every_sentence_has_a_japanese_twin() -> None:
    missing = sorted(text for text in spoken() if text not in twins() and not SIGNS.fullmatch(text))
    assert not missing


def constants() -> set[str]:
    """Return every text that stands in the program: sentences are also made of texts handed on."""
    modules = [ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))]
    found = (node for module in modules for node in ast.walk(module))
    said = {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return said | spoken_in_pages()


def test_no_twin_is_left_without_its_sentence() -> None:
    assert sorted(set(twins()) - constants()) == []


@pytest.mark.parametrize("pair", sorted(twins().items()), ids=lambda pair: pair[0][:40])
def test_a_twin_has_the_same_places(pair: tuple[str, str]) -> None:
    english, japanese = pair
    assert places(english) == places(japanese)
    assert japanese.strip()


#: A number of things that may be one; not a limit.
MANY = re.compile(r"(?<!at least )(?<!ore than )(?<!at most )(?<! of )\{count\} (more )?(ToDo|[a-z-]+)s\b(?! at once)")


def test_english_says_of_one_what_is_said_of_one() -> None:
    ones = catalogue("en")
    assert set(ones) <= set(twins())
    assert sorted(text for text in twins() if MANY.search(text) and text not in ones) == []
    assert [text for text, one in ones.items() if places(text) - places(one) > {"count"} or text == one] == []


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 messages are cancelled"), (1, "1 message is cancelled"), ("1", "1 message is cancelled"),
     (2, "2 messages are cancelled"), (11, "11 messages are cancelled"), ("1,000", "1,000 messages are cancelled")],
)  # fmt: skip
def test_one_is_not_many(count: object, said: str) -> None:
    told = sentence("{count} messages are cancelled", count=count)
    assert told.read() == said
    assert told.read("ja") == f"{count} 通の送信を取りやめました"


def test_a_sentence_in_a_sentence_is_in_the_same_language(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = sentence("no mistakes")
    outer = Sentence("{why}", (("why", inner),))
    assert outer.read("ja") == catalogue("ja")["no mistakes"]
    assert outer.read() == "no mistakes"
