"""YAML files become plain data with places, or problems with places (FAULTS B01-B13, B21, B22, B24)."""

from __future__ import annotations

import math
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from engage.language.source import LIMIT, Source, read, read_bytes, read_file
from engage.problem import Place


def good(text: str | bytes) -> Source:
    """Return the source of a text without mistakes."""
    source, problems = read("f.yaml", text)
    assert problems == ()
    assert source is not None
    return source


def value(text: str | bytes) -> object:
    return good(text).value


def wrong(text: str | bytes) -> list[str]:
    """Return the problems as ``LINE:COLUMN: message``."""
    _, problems = read("f.yaml", text)
    return [str(problem).removeprefix("f.yaml:") for problem in problems]


def the_problem(text: str | bytes) -> str:
    problems = wrong(text)
    assert len(problems) == 1, problems
    return problems[0]


SCENARIO = """\
name: Follow-up
audience:
  lists: [readers, "ｖｉｐ"]
steps:
  - send_email: invite
  - trigger: {email_opened: invite}
    within: 4 days
    yes:
      - wait: 1 day
"""


def test_places_of_values_and_keys() -> None:
    source = good(SCENARIO)
    assert str(source.place(())) == "f.yaml:1:1"
    assert source.place(("name",)) == Place("f.yaml", 1, 7)
    assert source.place(("name",), key=True) == Place("f.yaml", 1, 1)
    assert source.place(("audience", "lists", 1)) == Place("f.yaml", 3, 20)
    assert source.place(("steps", 1, "trigger", "email_opened")) == Place("f.yaml", 6, 29)
    assert source.place(("steps", 1, "yes", 0, "wait"), key=True) == Place("f.yaml", 9, 9)
    assert source.place(("steps", 1), key=True) == Place("f.yaml", 6, 5)


def test_place_passes_over_what_is_not_in_the_document() -> None:
    source = good(SCENARIO)
    tagged = ("steps", "list[step]", 1, "trigger-step", "trigger", "TriggerWord", "email_opened")
    assert source.place(tagged) == source.place(("steps", 1, "trigger", "email_opened"))
    assert source.place(("steps", 0, "send_email", "template")) == Place("f.yaml", 5, 17)
    assert source.place(("audience", "suppress"), key=True) == Place("f.yaml", 2, 1)
    assert source.place(("steps", 99)) == source.place(("steps",))


def test_has_asks_for_the_exact_path() -> None:
    source = good(SCENARIO)
    assert source.has(("steps", 1, "yes", 0, "wait"))
    assert source.has(())
    assert not source.has(("steps", 2))
    assert not source.has(("steps", -1))
    assert not source.has(("steps", "0"))
    assert not source.has(("name", "first"))


def test_value_is_plain_data() -> None:
    assert value(SCENARIO) == {
        "name": "Follow-up",
        "audience": {"lists": ["readers", "ｖｉｐ"]},
        "steps": [
            {"send_email": "invite"},
            {"trigger": {"email_opened": "invite"}, "within": "4 days", "yes": [{"wait": "1 day"}]},
        ],
    }


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-5", -5),
        ("+10", 10),
        ("0", 0),
        ("999999999999999999", 10**18 - 1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-1", -0.15),
        ("1.10", 1.1),
    ],
)
def test_scalars_of_the_core_schema(written: str, read_as: object) -> None:
    found = value(f"a: {written}")
    assert found == {"a": read_as}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(read_as)


@pytest.mark.parametrize(
    "text",
    [
        "NO", "no", "yes", "on", "Off", "y", "n", "tRUE", "0123", "-0123", "00", "01.5", "1:30", "9:30", "1_000",
        "0x1F", "0o17", "0b1", "2027-02-29", "2026-12-01", "2026-12-01T09:00", "1.2.3", "1,5", "+", ".", "1e", "=",
        "１２", "nan", "inf", "資料請求：春", "5 %",
    ],
)  # fmt: skip
def test_all_else_stays_text(text: str) -> None:
    """B05, B06, B07: a country, a postal code, a time, a day."""
    assert value(f"a: {text}") == {"a": text}
    assert value(f"[{{a: '{text}'}}]") == [{"a": text}]


def test_quotes_make_text() -> None:
    assert value("a: ['1', \"true\", '', '~']\nb: |\n  12\n") == {"a": ["1", "true", "", "~"], "b": "12\n"}


def test_text_is_what_the_file_says() -> None:
    """FAULTS B06."""
    source = good("a: 1.10\nb: +10\nc: '1.10'\nd: {e: ~}\n")
    assert source.text(("a",)) == "1.10"
    assert source.text(("b",)) == "+10"
    assert source.text(("c",)) == "1.10"
    assert source.text(("d", "e")) == "~"
    assert source.text(("d",)) is None
    assert source.text(("z",)) is None


def test_keys_are_always_text() -> None:
    written = "yes: 1\nno: 2\non: 3\noff: 4\n1: 5\n1.10: 6\ntrue: 7\n~: 8\n2026-12-01: 9\n'': 10\n.nan: 11\n"
    keys = ["yes", "no", "on", "off", "1", "1.10", "true", "~", "2026-12-01", "", ".nan"]
    assert value(written) == {key: number for number, key in enumerate(keys, start=1)}


@pytest.mark.parametrize("number", [".nan", ".inf", "-.INF", "1e400", "-1e400", "1" * 19, "9" * 5000])
def test_numbers_that_nobody_can_hold_are_refused(number: str) -> None:
    """B10."""
    problem = the_problem(f"wait:\n  days: {number}")
    assert problem.startswith("2:9: ")
    assert "put it in quotes" in problem
    assert len(problem) < 200
    assert value(f"a: '{number}'") == {"a": number}


def test_duplicate_keys_name_both_lines() -> None:
    """B04."""
    assert the_problem("steps: []\nname: x\nsteps: []") == (
        "3:1: the key 'steps' is written twice, on line 1 and on line 3; keep one of them"
    )


def test_duplicate_keys_in_two_normal_forms() -> None:
    assert "written twice, on line 1 and on line 2" in the_problem("\u304c: 1\n\u304b\u3099: 2\n")


def test_every_mistake_is_reported_in_one_run_and_the_rest_is_kept() -> None:
    source, problems = read("f.yaml", "a: 1\nb: {x: 1, x: 2}\na: 3\nc: .inf\nd: !secret x\ne: *none\nf: [ok]\n")
    assert [(p.place.line, p.place.column) for p in problems] == [(2, 11), (3, 1), (4, 4), (5, 4), (6, 4)]
    assert source is not None
    assert source.value == {"a": 1, "b": {"x": 1}, "c": ".inf", "d": "x", "e": None, "f": ["ok"]}


def test_mistakes_before_a_syntax_error_are_reported_with_it() -> None:
    source, problems = read("f.yaml", "a: 1e999\nb: {c: 1, c: 2}\nd: 'open\n")
    assert source is None
    assert [p.place.line for p in problems] == [1, 2, 3]


def test_merge_keys() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 9}\nw: {a: 9, <<: *y}\nq: {'<<': 1}\n"
    source = good(text)
    assert source.value == {
        "x": {"a": 1, "b": 2},
        "y": {"b": 3, "c": 4},
        "z": {"a": 9, "b": 2, "c": 4},
        "w": {"a": 9, "b": 3, "c": 4},
        "q": {"<<": 1},
    }
    assert source.place(("z", "c")).line == 2
    assert source.place(("z", "a")).line == 3


def test_duplicates_are_looked_for_before_merging() -> None:
    assert "'a' is written twice" in the_problem("x: &x {a: 1}\ny: {<<: *x, a: 2, a: 3}\n")
    assert "'<<' is written twice" in the_problem("x: &x {a: 1}\ny: {<<: *x, <<: *x}\n")
    assert the_problem("a: {<<: 1}").startswith("1:9: << takes a mapping")


def test_aliases_share_values_and_stand_in_their_own_place() -> None:
    source = good("a: &a {b: [1]}\nc: *a\nd: &t text\ne: *t\n")
    assert source.value == {"a": {"b": [1]}, "c": {"b": [1]}, "d": "text", "e": "text"}
    assert source.place(("c",)) == Place("f.yaml", 2, 4)
    assert source.place(("c", "b")) == Place("f.yaml", 1, 11)


def test_alias_bomb_is_refused_before_expansion() -> None:
    """B01: nine levels of nine, less than 400 bytes."""
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    text += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    tracemalloc.start()
    began = time.process_time()
    source, problems = read("f.yaml", text)
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert source is None
    assert "aliases written out" in str(problems[0])
    assert took < 0.1
    assert peak < 5_000_000


def test_merge_bomb_is_refused() -> None:
    """B24: 3,000 merges of 300 keys."""
    text = "base: &b {" + ", ".join(f"k{n}: {n}" for n in range(300)) + "}\n"
    text += "".join(f"m{n}: {{<<: *b}}\n" for n in range(3000))
    began = time.process_time()
    assert "aliases written out" in the_problem(text)
    assert time.process_time() - began < 3


def test_aliases_do_not_hide_depth() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 300))
    assert "deeper than 100 levels" in the_problem(text)


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: *a}", "- &a\n  - x\n  - [*a]\n"])
def test_recursive_aliases_are_refused(text: str) -> None:
    """B03."""
    assert "stands inside its own anchor" in the_problem(text)


def test_unknown_alias_is_probably_a_text() -> None:
    assert the_problem("a: *x") == "1:4: no anchor &x stands above; put a text that begins with * in quotes"
    assert "needs quotes" in the_problem("link: */pricing*")


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "[\n" * 100_000, "&a [" * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    """B02."""
    began = time.process_time()
    assert "deeper than 100 levels" in the_problem(text)
    assert time.process_time() - began < 3


def test_a_hundred_levels_are_allowed() -> None:
    assert good("[" * 100 + "]" * 100).has((0,) * 99)
    assert wrong("[" * 101 + "]" * 101)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system [touch /tmp/engage-owned]", "!!python/name:os.system", "!env HOME",
        "! x", "!!timestamp 2026-12-01", "!!binary aGk=", "!!set {a}", "!<tag:example.com,2026:x> y", "!!str [a]",
        "!!map [a]",
    ],
)  # fmt: skip
def test_tags_are_refused(tag: str) -> None:
    """B08."""
    problem = the_problem(f"a: {tag}")
    assert problem.startswith("1:4: the tag ")
    assert not Path("/tmp/engage-owned").exists()


def test_standard_tags_are_read() -> None:
    text = "a: !!str 12\nb: !!int 12\nc: !!float 1\nd: !!bool true\ne: !!null ''\n"
    text += "f: !!map {}\ng: !!seq []\n!!str h: !!int '3'\n"
    assert value(text) == {"a": "12", "b": 12, "c": 1.0, "d": True, "e": None, "f": {}, "g": [], "h": 3}
    assert "does not fit 'x'" in the_problem("a: !!int x")
    assert "does not fit 'yes'" in the_problem("a: !!bool yes")
    assert "not a number" in the_problem("a: !!float .nan")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: x\x00y", "1:5"), ("a: 1\nb: \x1b[0m", "2:4"), ("a: \x7f", "1:4"), ("a: \x85", "1:4"),
        ("a: x\u2028b: 1", "1:5"), ("a: \ud800", "1:4"), ("a: x\ufeff", "1:5"), ("a: x\u202ey", "1:5"),
        ('a: "x\\u2066"', "1:4"), ('a: "x\\0"', "1:4"),
        ('a: "\\x1b"', "1:4"),
    ],
)  # fmt: skip
def test_control_characters_are_refused(text: str, place: str) -> None:
    """B09, B23: also those that quotes can write, and those that turn round what follows."""
    assert the_problem(text).startswith(f"{place}: the character U+")


def test_lines_tabs_and_emoji_in_texts_are_fine() -> None:
    assert value('a: "x\\ty\\n"\nb: 👩\u200d💻\n') == {"a": "x\ty\n", "b": "👩\u200d💻"}


@pytest.mark.parametrize(
    "text", ["a:\n\tb: 1\n", "a:\n  - x\n\t- y\n", "a:\n  b: 1\n  \tc: 2\n", "a: {b: 1,\n\tc: 2}\n"]
)
def test_tabs_in_the_indentation_are_refused(text: str) -> None:
    assert "a tab stands in the indentation; indent with spaces" in the_problem(text)


def test_tabs_elsewhere_are_fine() -> None:
    text = "a:\tb\nc: |\n  if x:\n  \tcode\nd: 'x\n\ty'\n"
    assert value(text) == {"a": "b", "c": "if x:\n\tcode\n", "d": "x y"}


def test_full_width_keyboard_is_named_on_every_line() -> None:
    text = "name： x\naudience：\n  lists: ［a］\nsteps:\n  － wait: 1 day\n  - wait：1 day\n　 - end: true\n"
    assert [problem.split(" ", 2)[:2] for problem in wrong(text)] == [
        ["1:5:", "'：'"],
        ["2:9:", "'：'"],
        ["3:10:", "'［'"],
        ["5:3:", "'－'"],
        ["6:9:", "'：'"],
        ["7:1:", "this"],
    ]


def test_a_comment_or_an_empty_line_hides_no_full_width_sign_below_it() -> None:
    text = "# what this is\n\n  # more\nname： x\n"
    assert [str(problem).partition(" ")[0] for problem in wrong(text)] == ["4:5:"]


@pytest.mark.parametrize(
    ("text", "sign", "right"),
    [
        ("name： x", "U+FF1A", "':'"),
        ("a:\n  where： x", "U+FF1A", "':'"),
        ("件名： x", "U+FF1A", "':'"),
        ("a:\n　b: 1", "U+3000", "a plain space"),
        ("a:\n\u00a0\u00a0b: 1", "U+00A0", "a plain space"),
        ("name:　x", "U+3000", "a plain space"),
        ("a:\n  -　x", "U+3000", "a plain space"),
        ("a:\n  － x", "U+FF0D", "'-'"),
        ("a: ＂x＂", "U+FF02", "'\"'"),
        ("a: “x”", "U+201C", "'\"'"),
        ("a: ＇x＇", "U+FF07", '"\'"'),
        ("a: ［x］", "U+FF3B", "'['"),
        ("a: ｛b: c｝", "U+FF5B", "'{'"),
        ("a: [x，y]", "U+FF0C", "','"),
        ("- {to： owner, subject: x}", "U+FF1A", "':'"),
        ("＃ a comment\na: 1", "U+FF03", "'#'"),
    ],
)
def test_full_width_signs_of_yaml_are_refused(text: str, sign: str, right: str) -> None:
    problem = the_problem(text)
    assert sign in problem
    assert f"write {right}, or put the whole text in quotes" in problem


@pytest.mark.parametrize(
    "text",
    [
        "name: 資料請求：春",
        "name: 資料請求： 春",
        "a: 【重要】お知らせ",
        "a: 「春」キャンペーン",
        "a: こんにちは、田中様，以上",
        "a: [資料請求：春, キャンペーン]",
        "- 注意：春",
        "- 件名： 春",
        "a: {subject: 春：夏、秋}",
        "a: ＡＢＣ　株式会社",
        "株式会社　甲: 1",
        "a: '［x］'",
        'a: "name： x"',
        "a: |\n  name： x\n  　字下げ\n  － x\n\n  ［y］\nb: 1",
        'a: "x\n  name： y\n  － z"\nb: 1',
        "# ：　－\na: 1",
        "a: 1 # name： x",
        "a: >-\n    ＃ x\n  \n    y： z\n",
        "- - text: |\n      where： x\n    b: 1",
        "a: “x” と “y”",
        "a: サーバー",
    ],
)
def test_full_width_signs_inside_texts_are_fine(text: str) -> None:
    assert good(text).value


def test_encodings() -> None:
    """B11: one scenario in several encodings."""
    text = "name: 資料請求\r\nsteps: []\r\n"
    expected = {"name": "資料請求", "steps": []}
    assert value(text.encode()) == expected
    assert value(text.encode("utf-8-sig")) == expected
    assert value("\ufeff" + text) == expected
    assert value(text.replace("\r\n", "\r").encode()) == expected
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp932", "euc-jp", "latin-1"):
        content = text.encode(encoding, errors="replace") if encoding != "latin-1" else b"name: Caf\xe9\n"
        assert the_problem(content).endswith("save the file as UTF-8"), encoding
    assert the_problem("a: 1\nb: 資料".encode("cp932")).startswith("2:4: the file is not UTF-8 (it may be Shift_JIS)")


def test_bom_and_crlf_do_not_move_places() -> None:
    source = good(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert source.place(("a",)) == Place("f.yaml", 1, 4)
    assert source.place(("b",)) == Place("f.yaml", 2, 4)


def test_columns_count_characters() -> None:
    assert good("{名前: 太郎, 😀: x}").place(("😀",)) == Place("f.yaml", 1, 13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("---\n", "the file is empty"),
        ("# only this\n\n  # and this\n", "the file holds only comments"),
        ("a: 1\n---\nb: 2\n", "a second document begins here"),
    ],
)
def test_files_without_one_document(text: str, message: str) -> None:
    """B13."""
    assert message in the_problem(text)


def test_one_document_with_its_marks_is_fine() -> None:
    assert value("%YAML 1.2\n---\na: 1\n...\n") == {"a": 1}
    assert value("[1, 2]") == [1, 2]
    assert value("null") is None


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: b: c", "1:5", "no key can stand here"),
        ("a:\n  b: 1\n c: 2", "3:2", "fits no key above"),
        ("a: 1\nb\nc: 2", "3:1", "no colon after its key"),
        ("- a\nb: 1", "2:1", "not part of the list"),
        ("a: - b", "1:4", "a list cannot begin here"),
        ("a: 'x", "1:4", "never closed"),
        ('a: 1\nb: "x\nc: 1', "2:4", "never closed"),
        ("a: [1, 2\nb: 1", "2:2", "the bracket opened on line 1"),
        ("a: @x", "1:4", "put the text in quotes"),
        ("a: `x`", "1:4", "put the text in quotes"),
        ('a: "\\q"', "1:5", "a backslash in double quotes"),
        ('a: "\\ud800"', "1:7", "stands for no character"),
        ("a: !x!y z", "1:4", "tags (!name) are not allowed"),
        ("a: | x\n  y", "1:6", "nothing may follow |"),
    ],
)
def test_syntax_errors_have_a_place_and_a_remedy(text: str, place: str, message: str) -> None:
    problem = the_problem(text)
    assert problem.startswith(f"{place}: ")
    assert message in problem


def test_expression_without_quotes() -> None:
    assert "put it in quotes" in the_problem("a:\n  to: {{ prospect.email }}\n")
    assert any("two braces needs quotes" in problem for problem in wrong("a: {{ x }} and y"))


def test_keys_that_are_no_text() -> None:
    assert the_problem("? [a]\n: b").startswith("1:3: a key must be a text")
    assert "a key is missing" in the_problem("?\n: x")


def test_many_nodes_and_large_files() -> None:
    """B21."""
    began = time.process_time()
    assert "larger than 10 MB" in the_problem(b"a: 1\n" * (LIMIT // 5 + 1))
    assert time.process_time() - began < 1
    many = "".join(f"k{n}: 1\n" for n in range(60_000))
    began = time.process_time()
    assert "more than 100000 keys and values" in the_problem(many)
    assert time.process_time() - began < 6
    assert value("a: " + "x" * (LIMIT - 100)) is not None


def test_eighteen_thousand_lines() -> None:
    text = "steps:\n" + "".join(f"  - wait: {n} days\n    name: 第{n}回：キャンペーン\n" for n in range(1, 9000))
    began = time.process_time()
    source = good(text)
    assert time.process_time() - began < 15
    assert source.place(("steps", 8998, "name")) == Place("f.yaml", 17999, 11)


def test_no_number_is_infinite_or_none() -> None:
    found = value("a: [1e308, 1e-400, 0.1]")
    assert isinstance(found, dict)
    assert all(math.isfinite(number) for number in found["a"])


def test_read_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")
    for name in ("a.yaml", "link.yaml"):
        source, problems = read_file(tmp_path / name, name, inside=tmp_path)
        assert problems == ()
        assert source is not None
        assert (source.file, source.value) == (name, {"a": 1})
    assert read_bytes(tmp_path / "a.yaml", "a.yaml", inside=tmp_path) == (b"a: 1", ())


def test_what_is_no_file_inside_is_refused(tmp_path: Path) -> None:
    """B22: nothing of it is read, nothing is waited for."""
    inside = tmp_path / "workspace"
    (inside / "folder.yaml").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("a: 1", "utf-8")
    (inside / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "zero.yaml").symlink_to("/dev/zero")
    (inside / "loop.yaml").symlink_to(inside / "loop.yaml")
    (inside / "dead.yaml").symlink_to(inside / "nowhere.yaml")
    os.mkfifo(inside / "pipe.yaml")
    expected = {
        "folder.yaml": "not a file but a folder",
        "out.yaml": "outside of the folder",
        "../secret.yaml": "outside of the folder",
        "zero.yaml": "outside of the folder",
        "loop.yaml": "cannot be read",
        "dead.yaml": "there is no such file",
        "pipe.yaml": "not a file but a folder or a device",
        "missing.yaml": "there is no such file",
        "nul\0.yaml": "cannot be read",
    }
    for name, message in expected.items():
        source, problems = read_file(inside / name, "shown.yaml", inside=inside)
        assert source is None
        assert len(problems) == 1
        assert str(problems[0]).startswith("shown.yaml:1:1: ")
        assert message in str(problems[0]), name


def test_devices_are_refused() -> None:
    _, problems = read_file(Path("/dev/zero"), "zero", inside=Path("/dev"))
    assert "a folder or a device" in str(problems[0])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1", "utf-8")
    (tmp_path / "a.yaml").chmod(0)
    _, problems = read_file(tmp_path / "a.yaml", "a.yaml", inside=tmp_path)
    assert "cannot be read (Permission denied)" in str(problems[0])


def test_too_large_file(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(LIMIT + 1)
    _, problems = read_file(tmp_path / "a.yaml", "a.yaml", inside=tmp_path)
    assert "larger than 10 MB" in str(problems[0])
