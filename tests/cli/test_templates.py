"""``engage template``: what authors see before anybody gets an e-mail."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import Engage
from tests.effects.mailroom import parsed

MAIL = """\
---
subject: "{{ prospect.last_name | default('you') }}: news"
preheader: Soon
---
<html><head><style>p { color: red }</style></head><body>
<p>Dear {{ prospect.full_name | default('customer') }}, {{ owner.name }}</p>
{% include "partials/end.html" %}</body></html>
"""
END = '<p><a href="{{ unsubscribe_url }}">stop</a></p>\n'


@pytest.fixture
def mails(folder: Path) -> Path:
    """Give the workspace's templates, with one that is whole."""
    made = folder / "templates"
    (made / "partials").mkdir()
    (made / "partials" / "end.html").write_text(END, "utf-8")
    (made / "news.html").write_text(MAIL, "utf-8")
    (made / "hello.html").unlink()
    scenario = folder / "scenarios" / "hand-over.yaml"
    scenario.write_text(scenario.read_text("utf-8").replace("send_email: hello", "send_email: news"), "utf-8")
    return made


def prospects(engage: Engage, folder: Path, *rows: str) -> None:
    (folder / "people.csv").write_text("\n".join(("email,first_name,last_name,language,owner", *rows)), "utf-8")
    assert engage("apply").code == 0
    assert engage("import", "prospects", folder / "people.csv").code == 0


def test_check_of_good_templates(mails: Path, run: Engage) -> None:
    done = run("template", "check")
    assert (done.code, done.out.strip(), done.err) == (0, "no mistakes", "")


def test_check_tells_every_mistake_and_warning(mails: Path, run: Engage) -> None:
    (mails / "bad.html").write_text("---\nsubject: x\n---\n{{ prospect.lst_name }}\n<img src='x.png'>", "utf-8")
    (mails / "zero.html").write_text("---\nsubject: x\n---\n\n{{ 1 / (prospect.employees | default(0)) }}", "utf-8")
    (mails / "loud.html").write_text(f"---\nsubject: '{'高い' * 20}'\n---\n{'x' * 100_001}{END}", "utf-8")
    done = run("template", "check")
    lines = done.err.splitlines()
    assert done.code == 1
    assert any(line.startswith("templates/bad.html:4:4: merge field 'prospect.lst_name' is not") for line in lines)
    assert "templates/zero.html:5:1: it divides by zero" in lines
    assert any("templates/bad.html:5:1: warning: an image without alt" in line for line in lines)
    assert any("templates/loud.html:1:1: warning: the mail is 100 kB large" in line for line in lines)
    assert any("templates/loud.html:1:1: warning: the subject is 80 columns wide" in line for line in lines)
    assert lines[-1].startswith("mistakes: 2; warnings: ")
    assert run("template", "check", "news").code == 0
    told = json.loads(run("template", "check", "zero", "--format", "json").out)
    assert [(each["line"], each["severity"]) for each in told if each["severity"] == "error"] == [(5, "error")]


def test_check_names_the_line_of_an_element_that_is_not_closed_and_goes_on(mails: Path, run: Engage) -> None:
    """Beside it, what other files do wrong when they are rendered is told as well."""
    column = "<mj-section><mj-column>\n<mj-text>Hi</mj-column></mj-section>"
    (mails / "open.mjml").write_text(f"---\nsubject: x\n---\n<mjml><mj-body>\n{column}\n</mj-body></mjml>", "utf-8")
    (mails / "zero.html").write_text("---\nsubject: x\n---\n\n{{ 1 / (prospect.employees | default(0)) }}", "utf-8")
    lines = run("template", "check").err.splitlines()
    assert "templates/open.mjml:6:1: this is no MJML: <mj-text> is never closed" in lines
    assert "templates/zero.html:5:1: it divides by zero" in lines


def test_check_finds_what_fails_inside_a_partial_and_in_a_head(mails: Path, run: Engage) -> None:
    (mails / "partials" / "end.html").write_text(f"{END}\n\n{{{{ 1 % 0 }}}}", "utf-8")
    assert "templates/partials/end.html:4:1: it divides by zero" in run("template", "check").err
    (mails / "news.html").write_text("---\nsubject: '{{ 1 / 0 }}'\n---\nx", "utf-8")
    assert "templates/news.html:1:1: it divides by zero" in run("template", "check", "news").err


def test_a_template_that_never_ends_does_not_hang_the_check(mails: Path, run: Engage) -> None:
    text = "{% set a = 'x' * 1000000 %}{% for i in range(90000) %}{% set b = a | replace('y', 'z') %}{% endfor %}"
    (mails / "endless.html").write_text(f"---\nsubject: x\n---\n{text}", "utf-8")
    done = run("template", "check", "endless")
    assert done.code == 1
    assert "templates/endless.html:1:1: it takes longer than 1 s" in done.err


def test_mistakes_that_many_share_are_told_once(mails: Path, run: Engage) -> None:
    for name in "abcdef":
        (mails / f"{name}.html").write_text("---\nsubject: x\n---\nx", "utf-8")
    warned = [line for line in run("template", "check").err.splitlines() if "no link to unsubscribe" in line]
    assert len(warned) == 1
    assert warned[0].startswith("templates/a.html:1:1")
    assert warned[0].endswith("(5 more files)")


def test_check_of_an_unknown_e_mail(mails: Path, run: Engage) -> None:
    done = run("template", "check", "nws")
    assert (done.code, done.err.strip()) == (1, "template 'nws' is not known; did you mean news?")


def test_preview_for_somebody_invented(mails: Path, run: Engage, folder: Path) -> None:
    done = run("template", "preview", "news", "--now", "2026-12-01T09:00")
    assert done.code == 0
    assert not (folder / "engage.db").exists()
    lines = done.out.splitlines()
    assert lines[:4] == ["templates/news.html", "From: Example <m@example.com>",
                         "To: Hanako Sato <hanako.sato@example.com>", "Subject: Sato: news"]  # fmt: skip
    assert any(line.startswith("List-Unsubscribe: <http://localhost:8000/u/0.") for line in lines)
    assert "Dear Hanako Sato, Sato" in lines
    assert '<p style="color: red;">Dear Hanako Sato, Sato</p>' in done.out


def test_preview_shows_long_japanese_names_as_readers_see_them(mails: Path, run: Engage, folder: Path) -> None:
    name = "株式会社サクラソフト マーケティング部"
    company = folder / "engage.yaml"
    company.write_text(company.read_text("utf-8").replace("sender: {name: Example", f"sender: {{name: {name}"), "utf-8")
    assert f"From: {name} <m@example.com>" in run("template", "preview", "news").out.splitlines()


def test_preview_for_a_prospect_writes_the_html(mails: Path, engage: Engage, folder: Path) -> None:
    japanese = MAIL.replace("Dear {{ prospect.full_name", "{{ prospect.full_name | 様")
    (mails / "news.ja.html").write_text(japanese, "utf-8")
    prospects(engage, folder, "hanako@example.co.jp,花子,佐藤,ja,user:mori", "ken@example.com,Ken,Mori,en,")
    done = engage("template", "preview", "news", "--prospect", "hanako@example.co.jp", "--html", folder / "news.out")
    assert done.code == 0, done.err
    assert "templates/news.ja.html" in done.out
    assert "Subject: 佐藤: news" in done.out
    assert "様, Mori" in done.out
    assert "<p" not in done.out
    assert "<p style" in (folder / "news.out").read_text("utf-8")
    shown = json.loads(engage("template", "preview", "news", "--prospect", "KEN@example.com", "--format", "json").out)
    assert (shown["file"], shown["headers"]["To"]) == ("templates/news.html", "Ken Mori <ken@example.com>")
    assert shown["text"].startswith("Dear Ken Mori,\n")


def test_preview_tells_what_is_wrong(mails: Path, engage: Engage) -> None:
    assert engage("apply").code == 0
    done = engage("template", "preview", "news", "--prospect", "nobody@example.com")
    assert (done.code, done.err.strip()) == (1, "nobody is known by the address nobody@example.com")
    assert engage("template", "preview", "none").code == 1
    done = engage("template", "preview", "news", "--language", "fr")
    assert (done.code, done.err.strip()) == (1, "variant 'fr' is not known; there are: en")
    (mails / "news.html").write_text("---\nsubject: x\n---\n\n{{ 1 / 0 }}", "utf-8")
    done = engage("template", "preview", "news")
    assert (done.code, done.err.strip()) == (1, "templates/news.html:5:1: it divides by zero")


def mail_of(folder: Path) -> EmailMessage:
    (path,) = (folder / "outbox").glob("test-*.eml")
    return parsed(path.read_bytes())


def test_a_test_goes_to_one_address_and_is_counted_nowhere(mails: Path, engage: Engage, folder: Path) -> None:
    prospects(engage, folder, "ken@example.com,Ken,Mori,en,")
    before = engage("export", "messages").out, engage("report", "hand-over").out
    done = engage("template", "send-test", "news", "--to", "me@example.com", "--prospect", "ken@example.com")
    assert done.code == 0, done.err
    mail = mail_of(folder)
    assert (mail["To"], mail["Subject"], mail["X-Engage-Test"]) == ("me@example.com", "[Test] Mori: news", "yes")
    assert "Dear Ken Mori" in str(mail)
    assert (engage("export", "messages").out, engage("report", "hand-over").out) == before
    assert engage("db", "check").code == 0


def test_a_test_in_japanese_says_so_in_japanese(mails: Path, run: Engage, folder: Path) -> None:
    company = folder / "engage.yaml"
    company.write_text(company.read_text("utf-8") + "locale: ja\n", "utf-8")
    assert run("template", "send-test", "news", "--to", "me@example.com").code == 0
    assert mail_of(folder)["Subject"] == "【テスト】佐藤: news"


@pytest.mark.parametrize("address", ["a@example.com, b@example.com", "nobody", "a@example.com\nBcc: b@example.com"])
def test_a_test_goes_to_exactly_one_address(mails: Path, run: Engage, folder: Path, address: str) -> None:
    """FAULTS S30, S32."""
    done = run("template", "send-test", "news", "--to", address)
    assert done.code == 1
    assert "is no mail address" in done.err
    assert not (folder / "outbox").exists()


def test_who_opted_out_gets_no_test(mails: Path, engage: Engage, folder: Path) -> None:
    """FAULTS S53: a test send is no way around an opt-out."""
    prospects(engage, folder, "ken@example.com,Ken,Mori,en,")
    (folder / "out.csv").write_text("email\nken@example.com\n", "utf-8")
    assert engage("import", "unsubscribes", folder / "out.csv").code == 0
    done = engage("template", "send-test", "news", "--to", "KEN@example.com")
    assert (done.code, done.err.strip()) == (1, "KEN@example.com must not be written to: opted out of marketing e-mail")
    assert not (folder / "outbox").exists()
    (mails / "news.html").write_text(MAIL.replace("preheader: Soon", "kind: operational"), "utf-8")
    assert engage("template", "send-test", "news", "--to", "ken@example.com").code == 0


def test_a_workspace_without_sender_sends_no_test(mails: Path, run: Engage, folder: Path) -> None:
    (folder / "engage.yaml").write_text("name: Example\n", "utf-8")
    done = run("template", "send-test", "news", "--to", "me@example.com")
    assert (done.code, done.err.strip()) == (1, "engage.yaml names no sender with a mail address")


MJML = """\
---
subject: Hello
---
<mjml><mj-body>{% if prospect.last_name %}<mj-section><mj-column>
<mj-text>Dear {{ prospect.last_name }} &amp; friends</mj-text>
<mj-button href="{{ unsubscribe_url }}">stop</mj-button>
</mj-column></mj-section>{% endif %}</mj-body></mjml>
"""


def test_mjml_becomes_html(mails: Path, run: Engage, folder: Path) -> None:
    (mails / "square.mjml").write_text(MJML, "utf-8")
    done = run("template", "preview", "square", "--html", folder / "square.out")
    assert done.code == 0, done.err
    html = (folder / "square.out").read_text("utf-8")
    assert "<mj-" not in html
    assert "Dear Sato &amp; friends" in html
    assert "Dear Sato & friends" in done.out
    assert html.count("http://localhost:8000/u/0.") == 1


def test_what_is_no_mjml_is_told(mails: Path, run: Engage) -> None:
    (mails / "square.mjml").write_text(MJML.replace("</mj-column>", ""), "utf-8")
    done = run("template", "check", "square")
    assert done.code == 1
    assert "templates/square.mjml:4:1: this is no MJML: <mj-column> is never closed" in done.err


def test_partials_are_applied_with_the_rest(mails: Path, engage: Engage, folder: Path) -> None:
    assert engage("apply").code == 0
    assert engage("plan", "--exit-code").code == 0
    (mails / "partials" / "end.html").write_text(END + "more", "utf-8")
    done = engage("plan", "--exit-code")
    assert done.code == 4
    assert "templates/partials/end.html" in done.out


def test_the_starter_has_no_mistakes_in_its_templates(run: Engage, tmp_path: Path) -> None:
    assert run("init", tmp_path / "shop", "--scenario", "welcome-series", "seminar-invitation").code == 0
    done = run("template", "check", "--workspace", tmp_path / "shop")
    assert done.code == 0, done.err
    told = [line for line in done.out.splitlines() + done.err.splitlines() if line.startswith("templates/")]
    assert all("配信停止のリンクがありません" in line for line in told), told
