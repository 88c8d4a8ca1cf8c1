"""A site: what every request needs, put together once for each process of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from engage.app import App, running
from engage.clock import Clock, rest, system_clock
from engage.effects.links import signing_keys
from engage.effects.outbox import OutboxFolder
from engage.effects.public import public_address
from engage.effects.viewing import Viewer
from engage.errors import EngageError, Outside, Refused
from engage.intake.heard import Heard, hear
from engage.intake.opting_out import Wish, opt_out
from engage.intake.services.sns import Fetch
from engage.language.load import Workspace
from engage.outgoing import drafts
from engage.plan.moves import House
from engage.settings import Settings
from engage.sql.connect import reading
from engage.stepping.applied import Applied
from engage.web.abroad import Abroad
from engage.web.beside import Beside
from engage.web.commit import GroupCommit
from engage.web.counting import Counts
from engage.web.networks import Networks, networks
from engage.web.services import services
from engage.wording import sentence

T = TypeVar("T")

#: So many requests use the database at once, beside those that are only counted.
_HANDS = 8
#: So many mails may wait to be shown in a browser.
_LOOKING = 50
#: What was applied is looked for again after so many seconds.
_FRESH = 5.0


@dataclass(frozen=True, slots=True)
class Running:
    """What runs at the moment, as far as the pages show it."""

    applied: Applied
    #: what runs; before anything was applied, what the files say
    workspace: Workspace
    viewer: Viewer
    #: whose requests no reader sent, and where Apple loads pictures from
    proxies: Networks
    apple: Networks

    @property
    def house(self) -> House:
        """The rules of the house."""
        return self.applied.plans.house


def check(settings: Settings) -> str:
    """Return the public address. Raises Refused without a secret key: anybody could sign links."""
    if not settings.secret_key:
        text = "the public pages need ENGAGE_SECRET_KEY, which signs the links of mails: set it for whatever sends, too"
        raise Refused(sentence(text))
    return public_address(settings)


class Site:
    """The application, the keys of its links, and the hands that work on the database for requests."""

    def __init__(self, app: App, log: Any, clock: Clock = system_clock, fetch: Fetch | None = None) -> None:
        """Put a site together. Raises Refused where the settings do not suffice."""
        address = check(app.settings)
        self.app, self.log, self.clock = app, log, clock
        #: the mail services that may call; ``fetch`` asks Amazon, and in tests something else
        self.services = services(app.settings, fetch)
        self.keys = signing_keys(app.settings.secret_key, app.settings.old_secret_keys, address)
        #: the path of the public address: a proxy may hand it on or leave it out
        self.prefix = urlsplit(address).path
        self.secure = address.startswith("https:")
        self.events: GroupCommit[Heard] = GroupCommit(app.engine, hear, log, "events_lost")
        self.wishes: GroupCommit[Wish] = GroupCommit(app.engine, opt_out, log, "opt_outs_refused")
        self.counts = Counts(lambda: self.events.lost)
        self._hands = ThreadPoolExecutor(_HANDS, "hand")
        #: what takes longer than a request may
        self.beside = Beside()
        #: what waits for others
        self.abroad = Abroad()
        self._eye, self._looking = ThreadPoolExecutor(1, "eye"), 0
        self._running: Running | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin; what runs is read, so that a database that cannot be used is noticed at once."""
        self._running = await self.work(self._look)
        self._keeping = asyncio.create_task(self._keep_looking())
        self.events.start()
        self.wishes.start()

    async def close(self) -> None:
        """End when all that was begun is done."""
        if self._keeping is not None:
            self._keeping.cancel()
        for commit in (self.events, self.wishes):
            await asyncio.to_thread(commit.close)
        self._hands.shutdown()
        self._eye.shutdown()
        self.beside.close()
        self.abroad.close()
        if self._running is not None:
            self._running.viewer.close()
        self.app.engine.dispose()

    async def work(self, work: Callable[[], T]) -> T:
        """Do something that takes its time beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)

    async def see(self, work: Callable[[Connection], T]) -> T:
        """Read from the database."""

        def seen() -> T:
            with reading(self.app.engine).begin() as connection:
                return work(connection)

        return await self.work(seen)

    async def do(self, work: Callable[[Connection], T]) -> T:
        """Write to the database, in a transaction of its own, which is durable when this returns."""

        def done() -> T:
            with self.app.engine.begin() as connection:
                return work(connection)

        return await self.work(done)

    def later(self, work: Callable[[Connection], object]) -> None:
        """Write to the database when there is time: whoever asked does not wait, and learns nothing from how long."""

        def done() -> None:
            try:
                with self.app.engine.begin() as connection:
                    work(connection)
            except (SQLAlchemyError, EngageError) as error:
                self.log.error("not_done", why=type(error).__name__)

        self._hands.submit(done)

    async def look(self, work: Callable[[], T]) -> T:
        """Render a mail: one at a time, beside all else. Raises Outside where too many wait for theirs."""
        if self._looking >= _LOOKING:
            raise Outside(sentence("too many mails are looked at"))
        self._looking += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._eye, work)
        finally:
            self._looking -= 1

    @property
    def running(self) -> Running:
        """What runs, at most some seconds old; while the database is away, what ran last."""
        assert self._running is not None, "not opened"
        return self._running

    async def _keep_looking(self) -> None:
        """Look again and again what runs."""
        while True:
            await rest(_FRESH)
            with suppress(SQLAlchemyError, EngageError):
                self._running = await self.work(self._look)

    def _look(self) -> Running:
        applied, last = self.app.applied(), self._running
        if last is not None and last.applied is applied:
            return last
        settings = self.app.settings
        try:
            workspace = running(self.app)
        except EngageError:  # nothing applied yet, and files with mistakes: nobody has a mail of ours either
            workspace = applied.workspace
        post = drafts(settings, workspace, OutboxFolder(settings.workspace / "outbox"))
        tracking = workspace.company.tracking
        found = Running(applied, workspace, Viewer(post), networks(tracking.proxies), networks(tracking.apple))
        if last is not None:
            last.viewer.close()
        return found
