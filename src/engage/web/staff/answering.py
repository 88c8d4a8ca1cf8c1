"""Answering the staff pages: who asks, may they, what answers; and what every answer has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.requests import Request as Asked
from starlette.responses import Response

from engage.accounts import audit, logins
from engage.accounts.logins import Login
from engage.errors import EngageError, Outside
from engage.language.zones import zone as zone_named
from engage.sql.connect import reading
from engage.web.counting import ROUTE
from engage.web.exchange import Refused, Request
from engage.web.page import language
from engage.web.site import Running, Site
from engage.web.staff import refusing
from engage.web.staff.answers import Answer, Download, NotThere
from engage.web.staff.ask import Ask, Reader, Visit
from engage.web.staff.broken import broken
from engage.web.staff.cookies import AWAY, LOGIN, Seals, read_said
from engage.web.staff.frame import Manner
from engage.web.staff.origin import guard_of, is_guarded, is_ours
from engage.web.staff.sending import response
from engage.web.staff.shape import Door, Page
from engage.wording import Locale, Sentence

#: A form of ours is no longer, in bytes.
MOST = 2_000_000
_FIELD = "guard"
_HEADER = b"x-guard"


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers the pages of a site."""

    site: Site
    seals: Seals
    secret_keys: tuple[str, ...]

    def endpoint(self, page: Page | Door) -> Callable[[Asked], Awaitable[Response]]:
        """Return what answers a page."""

        async def answer(asked: Asked) -> Response:
            asked.scope[ROUTE] = page.path
            request = Request(
                asked.method, asked.url.path, tuple(asked.scope["headers"]), _client(asked), asked.receive
            )
            posted = page.method == "POST"
            form = await request.form(MOST) if posted else {}
            if any("\0" in value for value in asked.path_params.values()):
                raise Refused(404, "there is nothing here")
            visit = self._visit(asked, request, form, programs=isinstance(page, Door) and page.programs)
            trusted = not posted or is_ours(request, self.site.app.settings.base_url) or _for_programs(page)
            given = visit.field(_FIELD) or request.header(_HEADER)
            if isinstance(page, Door):
                return await self._opened(page, visit, asked, trusted=trusted)
            return await self.site.work(lambda: self._page(page, visit, asked, given, trusted=trusted))

        return answer

    def _visit(self, asked: Asked, request: Request, form: Mapping[str, tuple[str, ...]], *, programs: bool) -> Visit:
        running, path = self.site.running, asked.url.path
        return Visit(
            site=self.site,
            now=self.site.clock(),
            running=running,
            locale=language(request, running),
            path=asked.path_params,
            query={name: _clean(value) for name, value in asked.query_params.items()},
            form={name: tuple(map(_clean, values)) for name, values in form.items()},
            asked=f"{path}?{asked.url.query}" if asked.url.query else path,
            is_fragment=request.header(b"hx-request") == "true",
            agent=request.header(b"user-agent"),
            client=request.client,
            known=request.header(b"if-none-match"),
            token="" if programs else asked.cookies.get(LOGIN, ""),
            kept="" if programs else asked.cookies.get(AWAY, ""),
        )

    async def _opened(self, door: Door, visit: Visit, asked: Asked, *, trusted: bool) -> Response:
        """Answer at a door; where too many wait for somebody elsewhere, say so at once."""
        if not door.abroad:
            return await self.site.work(lambda: self._door(door, visit, asked, trusted=trusted))
        try:
            return await self.site.abroad.work(lambda: self._door(door, visit, asked, trusted=trusted))
        except Outside as error:
            said = refusing.refused(error.message, 503)
            return await self.site.work(lambda: self._sent(said, Manner(visit, None, "")))

    def _door(self, door: Door, visit: Visit, asked: Asked, *, trusted: bool) -> Response:
        """Answer who need not have a login."""
        manner = Manner(visit, None, "", read_said(asked.cookies, self.seals, visit.locale))
        if not trusted:
            return self._sent(refusing.not_ours(), manner)
        try:
            return self._sent(door.handler(visit), manner)
        except NotThere:
            return self._sent(refusing.not_there(), manner)
        except EngageError as error:
            return self._sent(refusing.refused(error.message), manner)
        except Exception as error:
            if door.programs:
                raise
            return response(broken(self.site, door.path, visit, error, ""), manner, self.seals)

    def _sent(self, answer: Answer, manner: Manner) -> Response:
        return response(refusing.fitting(answer, manner.visit), manner, self.seals)

    def _page(self, page: Page, visit: Visit, asked: Asked, given: str, *, trusted: bool) -> Response:
        """Answer who has a login, if the role allows it; of a fault nothing is shown but a number."""
        if not trusted:
            return self._sent(refusing.not_ours(), Manner(visit, None, ""))
        seen: list[Manner] = [Manner(visit, None, "")]
        try:
            return self._tried(page, visit, asked, given, seen)
        except Exception as error:
            manner = replace(seen[-1], flash=None)
            return response(broken(self.site, page.path, visit, error, manner.guard), manner, self.seals)

    def _tried(self, page: Page, visit: Visit, asked: Asked, given: str, seen: list[Manner]) -> Response:
        """Answer a reader; who it is, is noted in ``seen`` as soon as that is known."""
        posted = page.method == "POST"
        answer: Answer | None = None
        with reading(self.site.app.engine).begin() as connection:
            login = logins.current(connection, visit.token, visit.now) if visit.token else None
            if login is None:
                return self._sent(refusing.stranger(visit, self.seals, posted=posted), seen[0])
            reader = _reader(visit.running, login, visit.locale)
            guard = guard_of(self.secret_keys[0], visit.token)
            manner = Manner(visit, reader, guard, read_said(asked.cookies, self.seals, reader.locale))
            seen.append(manner)
            if posted or reader.role not in page.roles:
                refusal = None if reader.role in page.roles else refusing.not_allowed()
                if posted and not is_guarded(self.secret_keys, visit.token, given):
                    refusal = refusing.too_old(visit, guard) if refusal is None else refusing.not_ours()
                sent = None if refusal is None else self._sent(refusal, manner)
            else:
                answer = _answer(page, visit, reader, connection)
                sent = self._sent(answer, manner)
        if sent is None:
            sent = self._changed(page, visit, login, manner)
        if isinstance(answer, Download):
            self._handed_out(answer, visit, reader)
        if not visit.is_fragment and visit.now - login.seen_at > logins.NOTED:
            sent.background = BackgroundTask(self._noted, login)
        return sent

    def _changed(self, page: Page, visit: Visit, login: Login, manner: Manner) -> Response:
        """Carry a change out, all of it or nothing; whether the login still goes on is asked again within."""
        assert manner.reader is not None
        try:
            with self.site.app.engine.begin() as connection:
                again = logins.current(connection, visit.token, visit.now)
                if again is None or again.role != login.role:
                    answer = refusing.stranger(visit, self.seals, posted=True)
                else:
                    answer = page.handler(_ask(visit, manner.reader, connection))
        except NotThere:
            answer = refusing.not_there()
        except EngageError as error:
            answer = self._refused(page, visit, manner.reader, error.message)
        return self._sent(answer, manner)

    def _refused(self, page: Page, visit: Visit, reader: Reader, why: Sentence) -> Answer:
        """Show a form once more that was refused, as its page does; else a page that says why."""
        if page.again is None or visit.is_fragment:
            return refusing.refused(why)
        with reading(self.site.app.engine).begin() as connection:
            try:
                return page.again(_ask(visit, reader, connection), why)
            except NotThere:
                return refusing.refused(why)

    def _handed_out(self, file: Download, visit: Visit, reader: Reader) -> None:
        """Write down that a file is handed out, before it is: a file without its line leaves nobody's hands."""
        detail = {"to": file.name, "chosen": bool(visit.query)}
        with self.site.app.engine.begin() as connection:
            audit.note(connection, reader.addressee, "exported", file.subject, visit.now, detail)

    async def _noted(self, login: Login) -> None:
        now = self.site.clock()
        await self.site.do(lambda connection: logins.noted(connection, login, now))


def _answer(page: Page, visit: Visit, reader: Reader, connection: Connection) -> Answer:
    try:
        return page.handler(_ask(visit, reader, connection))
    except NotThere:
        return refusing.not_there()
    except EngageError as error:
        return refusing.refused(error.message)


def _ask(visit: Visit, reader: Reader, connection: Connection) -> Ask:
    return Ask(
        site=visit.site, now=visit.now, running=visit.running, locale=reader.locale, path=visit.path, query=visit.query,
        form=visit.form, asked=visit.asked, is_fragment=visit.is_fragment, agent=visit.agent, client=visit.client,
        known=visit.known, token=visit.token, kept=visit.kept, reader=reader, connection=connection,
    )  # fmt: skip


def _reader(running: Running, login: Login, locale: Locale) -> Reader:
    company = running.workspace.company
    return Reader(
        id=login.user_id,
        name=login.name,
        role=login.role,
        locale=login.locale if login.locale in ("en", "ja") else locale,  # type: ignore[arg-type]
        zone=_zone(login.zone) or running.house.hours.zone,
        sees_all=login.role != "sales" or company.sales_sees == "all",
        shortcuts=login.shortcuts,
        token=login.token,
    )


def _zone(name: str | None) -> ZoneInfo | None:
    """Return a zone by its name; one that this machine no longer knows counts as none."""
    try:
        return zone_named(name) if name else None
    except ValueError:
        return None


def _clean(text: str) -> str:
    """Return a text without the one sign that databases refuse."""
    return text.replace("\0", "")


def _client(asked: Asked) -> str | None:
    return asked.client.host if asked.client is not None else None


def _for_programs(page: Page | Door) -> bool:
    return isinstance(page, Door) and page.programs
