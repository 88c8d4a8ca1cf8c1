"""What is said of addresses, payloads and actions of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.installed import installed
from tests.support.starter import told, with_example


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """What is said of the scenario in the test's docstring."""
    return told(with_example(request.function.__doc__))


def test_webhooks_without_mistakes(said: list[str]) -> None:
    """
    steps:
      - webhook: {url: "https://hooks.example.com/a?b=c", payload: {to: "{{ prospect.email | upper }}", n: [1, {a: b}]}}
      - webhook: {url: "http://localhost:8080"}
    """
    assert said == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://example.com/", "an address to call begins with https:// or http://, not 'ftp://example.com/'"),
        ("example.com/hook", "an address to call begins with https:// or http://, not 'example.com/hook'"),
        ("javascript:alert(1)", "an address to call begins with https:// or http://, not 'javascript:alert(1)'"),
        ("https:///hook", "'https:///hook' names no host; write for example https://example.com/hook"),
        ("https://a b.example/", "an address to call has no spaces; write them as %20"),
        ("https://x:99999/", "'https://x:99999/' is not an address; write for example https://example.com/hook"),
        ("https://me:pw@x.example/", "an address to call holds no name or password: files are no place for secrets"),
    ],
)
def test_addresses_that_cannot_be_called(url: str, message: str) -> None:
    found = told(with_example(f'steps:\n  - webhook: {{url: "{url}"}}\n'))
    assert found == [f"s.yaml:2:20: {message}"]


def test_mistakes_in_a_payload_are_told_where_they_stand(said: list[str]) -> None:
    """
    steps:
      - webhook:
          url: https://example.com/
          payload:
            mail: "{{ prospect.emial }}"
            rest: [fine, "{{ prospect.email"]
    """
    assert said == [
        "s.yaml:5:15: merge field 'prospect.emial' is not known; did you mean prospect.email?",
        "s.yaml:6:22: this expression cannot be read: the text ends before the expression does",
    ]


def test_an_action_must_be_installed(tmp_path: Path) -> None:
    example = with_example("steps:\n  - action: {name: lable, with: {size: 3}}\n")
    assert told(example) == [
        "s.yaml:2:20: no action is installed: a Python package gives them as entry points, group engage.actions"
    ]
    with installed(tmp_path, {"label": "label"}, "def label(call): ..."):
        assert told(example) == ["s.yaml:2:20: action 'lable' is not known; did you mean label?"]
        assert told(with_example("steps: [{action: {name: label}}]\n")) == []
