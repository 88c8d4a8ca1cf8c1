"""What the environment says, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engage.errors import Refused
from engage.wording import Sentence, sentence

#: A secret key of fewer characters can be guessed.
SHORTEST_KEY = 16

#: Every environment variable that engage reads, with what it means. The docs are made from this.
VARIABLES: Mapping[str, str] = {
    "ENGAGE_WORKSPACE": "the workspace folder; else the nearest parent that holds engage.yaml",
    "ENGAGE_DATABASE_URL": "the database; default: the SQLite file engage.db in the workspace",
    "ENGAGE_SMTP_URL": "the mail server, smtp:// or smtps://USER:PASSWORD@HOST:PORT (a reserved sign such as @ in "
    "the password as %40); unset: each message is a file in outbox/",
    "ENGAGE_SMTP_TLS": "on: encryption with a good certificate is demanded; off: mail goes as plain text, and no "
    "password is sent; default: on, for a server on this machine itself off",
    "ENGAGE_SMTP_CONNECTIONS": "how many connections to the mail server a delivery opens, 1 to 64; default: 8",
    "ENGAGE_SMTP_PROCESSES": "how many processes hand mail over side by side while thousands of messages "
    "wait, 1 to 16; they share the connections; default: one for every two processors, at most 4, "
    "and two at least on PostgreSQL where there are two processors",
    "ENGAGE_SMTP_RATE": "how many messages are handed over in a second, by all processes together; unset: no limit",
    "ENGAGE_BOUNCE_ADDRESS": "an address that takes extensions (bounces+…@example.com), at most 19 signs before the "
    "@: each message bears its own return path there; unset: bounces go to the sender",
    "ENGAGE_OPT_OUT_ADDRESS": "an address that takes extensions and is read like the bounce address, or is the same: "
    "marketing mail offers opting out by mail to it, besides the link; unset: only the link",
    "ENGAGE_BOUNCE_BOX": "a box that engage run reads bounces from: maildir:FOLDER or imaps://USER@HOST/FOLDER; see "
    "engage listen-bounces for other ways",
    "ENGAGE_BOUNCE_PASSWORD": "the password of that IMAP box",
    "ENGAGE_SES_TOPIC": "the ARN of the SNS topic, or several divided by commas, to which Amazon SES publishes bounces "
    "and complaints: opens /hooks/ses",
    "ENGAGE_SENDGRID_KEY": "the verification key of SendGrid's signed event webhook: opens /hooks/sendgrid, and mails "
    "tell SendGrid their numbers",
    "ENGAGE_MAILGUN_KEY": "Mailgun's HTTP webhook signing key: opens /hooks/mailgun, and mails tell Mailgun their "
    "numbers",
    "ENGAGE_OIDC_ISSUER": "an identity provider by whom the team may log in (OpenID Connect): its address, as "
    "https://login.example.com; the provider sends users back to ENGAGE_BASE_URL/login/back",
    "ENGAGE_OIDC_CLIENT_ID": "what the identity provider calls engage",
    "ENGAGE_OIDC_CLIENT_SECRET": "the secret that the identity provider gave to engage",
    "ENGAGE_OIDC_NAME": "what the button of the login page calls the identity provider; default: its host",
    "ENGAGE_BASE_URL": "the address under which the public pages are reached",
    "ENGAGE_SECRET_KEY": "the key that signs links; without it nothing is tracked. Best made by "
    "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
    "ENGAGE_METRICS_TOKEN": "opens /metrics, and the details of /health, to whoever sends it as a bearer token",
    "ENGAGE_OLD_SECRET_KEYS": "keys that signed links before, divided by commas: what they signed stays valid",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the workspace and the database are, and how the outside is reached."""

    workspace: Path
    database_url: str = field(repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    smtp_tls: str | None = None
    smtp_connections: str | None = None
    smtp_processes: str | None = None
    smtp_rate: str | None = None
    bounce_address: str | None = None
    opt_out_address: str | None = None
    ses_topics: tuple[str, ...] = ()
    sendgrid_key: str | None = None
    mailgun_key: str | None = field(default=None, repr=False)
    bounce_box: str | None = field(default=None, repr=False)
    bounce_password: str | None = field(default=None, repr=False)
    oidc_issuer: str | None = None
    oidc_client: str | None = None
    oidc_secret: str | None = field(default=None, repr=False)
    oidc_name: str | None = None
    base_url: str = "http://localhost:8000"
    secret_key: str | None = field(default=None, repr=False)
    old_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The key that signs, and those whose signatures are still good, in this order."""
        return self.secret_key or "", *(old for old in self.old_secret_keys if old)

    @property
    def weak_key(self) -> Sentence | None:
        """What is wrong with a key that can be guessed: who has it signs links and comes in as anybody."""
        if not self.secret_key or len(self.secret_key) >= SHORTEST_KEY:
            return None
        text = "ENGAGE_SECRET_KEY is shorter than {least} characters and can be guessed; make one by: {command}"
        command = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
        return sentence(text, least=SHORTEST_KEY, command=command)


def read_settings(environ: Mapping[str, str], workspace: Path) -> Settings:
    """Return the settings for a workspace from environment variables."""
    database = environ.get("ENGAGE_DATABASE_URL") or f"sqlite:///{workspace.resolve() / 'engage.db'}"
    return Settings(
        workspace=workspace,
        database_url=database,
        smtp_url=environ.get("ENGAGE_SMTP_URL") or None,
        smtp_tls=environ.get("ENGAGE_SMTP_TLS") or None,
        smtp_connections=environ.get("ENGAGE_SMTP_CONNECTIONS") or None,
        smtp_processes=environ.get("ENGAGE_SMTP_PROCESSES") or None,
        smtp_rate=environ.get("ENGAGE_SMTP_RATE") or None,
        bounce_address=environ.get("ENGAGE_BOUNCE_ADDRESS") or None,
        opt_out_address=environ.get("ENGAGE_OPT_OUT_ADDRESS") or None,
        ses_topics=_divided(environ.get("ENGAGE_SES_TOPIC") or ""),
        sendgrid_key=environ.get("ENGAGE_SENDGRID_KEY") or None,
        mailgun_key=environ.get("ENGAGE_MAILGUN_KEY") or None,
        bounce_box=environ.get("ENGAGE_BOUNCE_BOX") or None,
        bounce_password=environ.get("ENGAGE_BOUNCE_PASSWORD") or None,
        oidc_issuer=environ.get("ENGAGE_OIDC_ISSUER") or None,
        oidc_client=environ.get("ENGAGE_OIDC_CLIENT_ID") or None,
        oidc_secret=environ.get("ENGAGE_OIDC_CLIENT_SECRET") or None,
        oidc_name=environ.get("ENGAGE_OIDC_NAME") or None,
        base_url=environ.get("ENGAGE_BASE_URL") or "http://localhost:8000",
        secret_key=environ.get("ENGAGE_SECRET_KEY") or None,
        old_secret_keys=_divided(environ.get("ENGAGE_OLD_SECRET_KEYS") or ""),
        metrics_token=(environ.get("ENGAGE_METRICS_TOKEN") or "").strip() or None,
    )


def _divided(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def find_workspace(option: Path | None, environ: Mapping[str, str], here: Path) -> Path:
    """Return the workspace folder: the option, the environment, or the nearest parent with engage.yaml.

    Raises Refused when there is none.
    """
    named = option or (Path(environ["ENGAGE_WORKSPACE"]) if environ.get("ENGAGE_WORKSPACE") else None)
    if named is not None:
        if not (named / "engage.yaml").is_file():
            raise Refused(sentence("{folder} is not a workspace: it holds no engage.yaml", folder=named))
        return named
    for folder in (here, *here.parents):
        if (folder / "engage.yaml").is_file():
            return folder
    raise Refused(sentence("no workspace here: no engage.yaml in {folder} or above; run: engage init DIR", folder=here))


def environment() -> Mapping[str, str]:
    """Return the process's environment variables."""
    return os.environ
