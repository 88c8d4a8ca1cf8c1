"""The layout of files: keys in order, comments kept, the meaning never changed, twice the same as once."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.language.formatting import formatted, kind_of, means
from engage.language.load import load
from tests.support.starter import starter

WRITTEN = """\
# Welcome
steps:
- after: 2 days
  # the first mail
  send_email:  invite    # short
  id: first
- within: 4 days
  no:
    - {after: 1 day, add_tag: b}
  # opened?
  trigger: { email_opened:   first }
  yes: [ {name: N, add_tag: a, id: x} ]
  id: opened

# who
audience:
    suppress: {where: {country: JP}, lists: [news]}
    lists: news
name: Welcome
# the end
"""
LAID_OUT = """\
# Welcome
name: Welcome

# who
audience:
    lists: news
    suppress: {lists: [news], where: {country: JP}}
steps:
  - id: first
    after: 2 days
  # the first mail
    send_email: invite     # short
  - id: opened
  # opened?
    trigger: {email_opened: first}
    within: 4 days
    yes: [{id: x, name: N, add_tag: a}]
    no:
      - {after: 1 day, add_tag: b}
# the end
"""


def test_a_step_in_a_list_on_one_line_keeps_its_braces() -> None:
    text = "name: X\nsteps:\n  - rule: {tag: a}\n    yes: [{wait: 1 day}]\n"
    assert formatted("scenario", text) == text


def test_a_file_is_laid_out_and_keeps_its_comments() -> None:
    new = formatted("scenario", WRITTEN)
    assert [line.split() for line in new.splitlines()] == [line.split() for line in LAID_OUT.splitlines()]
    assert yaml.safe_load(new) == yaml.safe_load(WRITTEN)
    assert formatted("scenario", new) == new


@pytest.mark.parametrize("path", [path for path in starter() if kind_of(path)])
def test_the_starter_files_keep_their_meaning(path: str) -> None:
    kind = kind_of(path)
    assert kind is not None
    files = starter()
    text = files[path].decode()
    new = formatted(kind, text)
    assert formatted(kind, new) == new
    assert [line.strip() for line in sorted(text.split("\n")) if line.strip().startswith("#")] == [
        line.strip() for line in sorted(new.split("\n")) if line.strip().startswith("#")
    ]
    before, after = load(files)[0], load({**files, path: new.encode()})[0]
    assert {key: file.model for key, file in before.scenarios.items()} == {
        key: file.model for key, file in after.scenarios.items()
    }
    assert (before.company, before.team, before.lists, before.scoring, before.grading) == (
        after.company, after.team, after.lists, after.scoring, after.grading,
    )  # fmt: skip


def test_derived_ids_stay_even_where_no_stands_before_yes() -> None:
    text = "name: A\nsteps:\n  - rule: {tag: a}\n    no: [{wait: 1 day}]\n    yes: [{wait: 2 days}]\n"
    assert means(formatted("scenario", text)) == means(text)


def test_an_alias_that_would_come_before_its_anchor_is_left_where_it_is() -> None:
    text = "audience: {lists: [&a x]}\nname:   *a\n"
    assert formatted("scenario", text) == "audience: {lists: [&a x]}\nname: *a\n"
    kept = "steps: [&one {add_tag: a}, *one]\nname: A\naudience: {lists: x}\n"
    assert means(formatted("scenario", kept)) == means(kept)


WORD = st.sampled_from(["a", "+10", "yes", "NO", "0x1F", "1_000", "2026-01-01", "~", "日本", "x: y", "# no", "'q'", ""])


def step() -> st.SearchStrategy[dict[str, object]]:
    """Return steps, some with steps inside."""
    inner = st.lists(st.deferred(step), max_size=2)
    words = dict.fromkeys(("after", "id", "name"), WORD)
    return st.one_of(
        st.fixed_dictionaries({"add_tag": WORD}, optional=words),
        st.fixed_dictionaries({"set_field": st.dictionaries(WORD, WORD)}, optional={"name": WORD}),
        _rule(inner),
    )


def _rule(inner: st.SearchStrategy[list[dict[str, object]]]) -> st.SearchStrategy[dict[str, object]]:
    parts: dict[str, st.SearchStrategy[object]] = {"no": inner, "yes": inner, "id": WORD}
    return st.fixed_dictionaries({"rule": st.dictionaries(WORD, WORD, max_size=2)}, optional=parts)


FILE = st.fixed_dictionaries(
    {"steps": st.lists(step(), max_size=4), "name": WORD},
    optional={"audience": st.fixed_dictionaries({"where": st.dictionaries(WORD, WORD), "lists": WORD})},
)


@settings(max_examples=80, deadline=None)
@given(FILE, st.randoms(use_true_random=False), st.sampled_from([None, False, True]))
def test_whatever_can_be_read_keeps_its_meaning(data: object, draw: object, flow: bool | None) -> None:
    text = yaml.safe_dump(_shuffled(data, draw), sort_keys=False, default_flow_style=flow, allow_unicode=True)
    new = formatted("scenario", text)
    assert means(new) == means(text)
    assert formatted("scenario", new) == new


def _shuffled(data: object, draw: object) -> object:
    """Return data with the keys of its mappings in another order."""
    if isinstance(data, dict):
        keys = list(data)
        draw.shuffle(keys)  # type: ignore[attr-defined]
        return {key: _shuffled(data[key], draw) for key in keys}
    return [_shuffled(item, draw) for item in data] if isinstance(data, list) else data
