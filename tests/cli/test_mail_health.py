"""What ``engage doctor`` says of mail, and a test of an e-mail through a real mail server; FAULTS S77."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest

from tests.cli.conftest import Engage
from tests.cli.test_releasing import began
from tests.effects.mailroom import parsed
from tests.support.certificates import GOOD_FOR, Authority, authority
from tests.support.mail_server import DROP, mail_server, only
from tests.support.postfix import postfix

EXPIRED = "its certificate has expired"
STRANGE = "its certificate is signed by nobody known here; for an authority of your own set SSL_CERT_FILE"
SUBJECT = "【ご案内】新しい事例集ができました — ダウンロードはこちらから"
ELSEWHERE = "its certificate is not for localhost"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trusting(signer: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(signer.file))


def findings(engage: Engage, **environ: str) -> list[tuple[str, str]]:
    done = engage("doctor", "--format", "json", **environ)
    found = [(one["state"], one["message"]) for one in json.loads(done.out)]
    assert (done.code == 1) == any(state == "bad" for state, _ in found)
    return found


def of_server(engage: Engage, **environ: str) -> tuple[str, str]:
    (one,) = [(state, said) for state, said in findings(engage, **environ) if "mail server" in said]
    return one


def by_tls(port: int) -> dict[str, str]:
    return {"ENGAGE_SMTP_URL": f"smtp://localhost:{port}", "ENGAGE_SMTP_TLS": "on"}


def test_a_server_that_is_ready(folder: Path, run: Engage, signer: Authority) -> None:
    assert of_server(run) == ("ok", f"no mail server is set: each message becomes a file in {folder / 'outbox'}")
    with mail_server() as server:
        ready = f"the mail server 127.0.0.1:{server.port} is ready, without encryption"
        assert of_server(run, ENGAGE_SMTP_URL=f"smtp://127.0.0.1:{server.port}") == ("ok", ready)
        assert not any(said.startswith("MAIL") for said in server.said)
    with mail_server(certificate=signer.signed("good")) as server:
        name, left = f"the mail server localhost:{server.port}", GOOD_FOR - 1
        good = f"{name} is ready, its certificate is good for {left} days"
        assert of_server(run, **by_tls(server.port)) == ("ok", good)
        assert server.said[-1] == "quit"
    with mail_server(certificate=signer.signed("soon", days=10)) as server:
        name = f"the mail server localhost:{server.port}"
        soon = f"{name} is ready, but its certificate is good for 9 days only"
        assert of_server(run, **by_tls(server.port)) == ("note", soon)


def shown(signer: Authority, kind: str) -> ssl.SSLContext:
    """Return a server's side with a certificate of a kind."""
    match kind:
        case "expired":
            return signer.signed("expired", days=-1)
        case "elsewhere":
            return signer.signed("elsewhere", host="mail.example.org")
    return signer.unsigned()


@pytest.mark.parametrize(("kind", "why"), [("expired", EXPIRED), ("unsigned", STRANGE), ("elsewhere", ELSEWHERE)])
def test_a_certificate_that_is_not_good_is_told_and_nothing_is_sent(
    folder: Path, run: Engage, signer: Authority, kind: str, why: str
) -> None:
    """The same sentence from the doctor, a test of an e-mail, and a delivery."""
    began(run)
    with mail_server(certificate=shown(signer, kind)) as server:
        sentence = f"the mail server localhost:{server.port} cannot be trusted: {why}"
        assert of_server(run, **by_tls(server.port)) == ("bad", sentence)
        tried = run("template", "send-test", "hello", "--to", "me@example.com", **by_tls(server.port))
        assert (tried.code, tried.err.strip()) == (3, sentence)
        done = run("deliver", **by_tls(server.port))
        assert (done.code, done.err.strip()) == (3, sentence)
        assert not any(said.startswith(("MAIL", "AUTH")) for said in server.said)
    assert {message["status"] for message in json.loads(run("messages", "--format", "json").out)} == {"queued"}
    assert sentence in run("status").err


def test_links_that_lead_nowhere_are_told(folder: Path, run: Engage) -> None:
    here = ("note", "the links of mails lead to http://localhost:8000, which no reader can reach: set ENGAGE_BASE_URL")
    unsigned = (
        "note",
        "the links of mails are signed without a key of yours and nothing is tracked: set ENGAGE_SECRET_KEY",
    )
    wrong = ("bad", "ENGAGE_BASE_URL is not of the form https://host/path, or too long")
    with mail_server() as server:
        found = findings(run, ENGAGE_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
        assert here in found
        assert unsigned in found
        public = {"ENGAGE_BASE_URL": "https://m.example.co.jp/", "ENGAGE_SECRET_KEY": "x" * 40}
        found = findings(run, ENGAGE_SMTP_URL=f"smtp://127.0.0.1:{server.port}", **public)
        assert not {here, unsigned} & set(found)
    for address in (
        "m.example.com", "javascript:alert(1)", "https://", "https://m.example.com/?x=", "https://m.example.com/#x",
        "https://me@m.example.com", "https://m.example.com/\nX: y", "https://例え.jp", "https://m.example.com/?",
        "https://[::1", "https://m.example.com:x", "https://m.example.com/>", "https://m.example.com/" + "x" * 500,
    ):  # fmt: skip
        assert wrong in findings(run, ENGAGE_BASE_URL=address), address
        assert run("deliver", ENGAGE_BASE_URL=address).code == 1


def test_a_server_that_is_away_or_has_no_encryption_or_refuses_the_password(folder: Path, run: Engage) -> None:
    with mail_server(only("connect", DROP)) as server:
        away = of_server(run, ENGAGE_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
    assert away[0] == "bad"
    assert "is away" in away[1]
    with mail_server() as server:
        assert "STARTTLS" in of_server(run, **by_tls(server.port))[1]
    with mail_server(only("auth", "535 5.7.8 wrong")) as server:
        state, said = of_server(run, ENGAGE_SMTP_URL=f"smtp://me:geheim@127.0.0.1:{server.port}")
        assert (state, "refuses us: 535 5.7.8 wrong" in said, "geheim" in said) == ("bad", True, False)
    wrong = findings(run, ENGAGE_SMTP_URL="smtp://")
    assert ("bad", "ENGAGE_SMTP_URL is not of the form smtp://user:password@host:port, or smtps://…") in wrong


def test_a_test_of_an_e_mail_goes_through_a_real_server(folder: Path, run: Engage) -> None:
    """By Postfix into a mailbox: marked as a test, and the Japanese comes back as it was."""
    (folder / "templates" / "hello.html").write_text(
        f"---\nsubject: {SUBJECT}\n---\n<p>{{{{ prospect.full_name | 様 }}}}</p>\n", "utf-8"
    )
    with postfix() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        done = run("template", "send-test", "hello", "--to", "p1@example.com", ENGAGE_SMTP_URL=url)
        assert done.code == 0, done.err
        assert f"p1@example.com (127.0.0.1:{server.port})" in done.out
        (content,) = server.mails(1)
        mail = parsed(content)
        assert mail["Subject"] == f"[Test] {SUBJECT}"
        assert (mail["To"], mail["X-Engage-Test"]) == ("p1@example.com", "yes")
        assert mail["Delivered-To"] == "p1@example.com"
        refused = run("template", "send-test", "hello", "--to", "nobody@example.com", ENGAGE_SMTP_URL=url)
        assert refused.code == 1
        assert "5.1.1" in refused.err
        relayed = run("template", "send-test", "hello", "--to", "a@elsewhere.example", ENGAGE_SMTP_URL=url)
        assert relayed.code == 3
        assert "refuses us" in relayed.err
