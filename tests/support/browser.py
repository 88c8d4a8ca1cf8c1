"""Pages in Debian's Chromium, as users see them: logged in, in a language, at a width, light or dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, sync_playwright

from engage.web.staff.cookies import LOGIN
from tests.support.staff import Staff

ROOT = Path(__file__).parent.parent.parent
#: Where the pictures of pages are kept, as build output.
PICTURES = ROOT / "build" / "screenshots"
#: Widths of a desk and of a phone, in pixels.
DESK, PHONE = 1280, 390
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
_AXE = (ROOT / ".node" / "node_modules" / "axe-core" / "axe.min.js",)
#: What WCAG 2.2 AA asks, as axe names it.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _missing(what: str) -> None:
    """Skip a test, but where CI installs what it needs."""
    if os.environ.get("ENGAGE_CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is not installed")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser."""
    program = shutil.which("chromium")
    if program is None:
        _missing("Chromium (Debian's package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def opened(
    browser: Browser,
    staff: Staff,
    as_: str,
    locale: str = "en",
    width: int = DESK,
    *,
    dark: bool = False,
    scripts: bool = True,
    complaints: list[str] | None = None,
) -> Page:
    """Return a page of a user who has logged in; nobody's where ``as_`` is empty.

    What its scripts fail at, and what the browser complains of, is noted in ``complaints``, to be looked at in the end:
    an error raised within the browser's own calls would end the browser.
    """
    context = browser.new_context(
        base_url=f"http://localhost:{staff.web.port}",
        locale={"en": "en-GB", "ja": "ja-JP"}[locale],
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        timezone_id="Asia/Tokyo",
        java_script_enabled=scripts,
    )
    if as_:
        login: SetCookieParam = {"name": LOGIN, "value": staff.token(as_), "domain": "localhost", "path": "/"}
        context.add_cookies([{**login, "secure": True, "httpOnly": True}])
    page = context.new_page()
    noted = complaints if complaints is not None else []
    page.on("pageerror", lambda error: _fails(error, noted))
    page.on("console", lambda message: _complain(message, noted))
    return page


def _fails(error: Any, noted: list[str]) -> None:
    """Note what a script fails at; a page that is left before it has faded in is no fault."""
    if "Transition was" not in str(error):
        noted.append(f"a script failed: {error}")


def _complain(message: Any, noted: list[str]) -> None:
    """Note what the browser complains of, such as a policy that a page breaks."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        noted.append(f"the browser complains: {message.text}")


def accessible(page: Page, *, contrast: bool = True) -> None:
    """Assert that axe finds nothing against WCAG 2.2 AA; contrasts, which take half of its time, may be left out."""
    axe = next((path for path in _AXE if path.is_file()), None)
    if axe is None:
        _missing("axe-core (npm)")
    assert axe is not None
    page.evaluate(axe.read_text("utf-8"))
    options = {
        "runOnly": _RULES, "rules": {} if contrast else {"color-contrast": {"enabled": False}},
        "resultTypes": ["violations"], "preload": False, "iframes": False,
    }  # fmt: skip
    found = page.evaluate("options => axe.run(document, options)", options)
    told = [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]
    ]
    assert not told, "\n".join(told)


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the whole page, and assert that it is no wider than the window."""
    (PICTURES / name).parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} pixels wider than the window"
