"""The desk in a browser: staff who sign in by its form, people who were made up, a page that tells what went wrong."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api.staff import Access
from companion.records.staff import Enrolment
from companion.seeding.writing import Amount, seed
from companion.settings import Safety
from tests.api.conftest import Served, running
from tests.api.desk import desk_of, in_danger
from tests.api.phone import Phone, online
from tests.api.seeded import filled
from tests.companion.records.staffing import PASSWORD, code, hire

WRONG = ("error", "warning")
FORTY = 145  # the number of somebody who was made up: one session of forty turns, in which the worst is of level 4
LONG = f"seed{FORTY}-00000-0000"


class Desk:
    """A server's desk. states: cookies of those who have signed in: a code of the second factor is taken once."""

    def __init__(self, server: Served, browser: Any, folder: Path) -> None:
        self.server, self.browser = server, browser
        self.access: Access = desk_of(server, folder)
        self.enrolled: dict[str, Enrolment] = {}
        self.states: dict[str, Any] = {}

    async def hire(self, name: str, *roles: str, cares_for: tuple[str, ...] = ()) -> Enrolment:
        enrolment = await hire(self.access, name, *roles)
        self.enrolled[name] = enrolment
        await self.cares_for(name, *cares_for)
        return enrolment

    async def cares_for(self, name: str, *people: str) -> None:
        for person in people:
            await self.access.caseload.add(self.enrolled[name].staff_id, person, time.time(), by="operator")

    @asynccontextmanager
    async def page(
        self, name: str | None = None, locale: str = "zh-CN", width: int = 1280, height: int = 800, expected: str = "\0"
    ) -> AsyncIterator[Any]:
        """A page at /desk, signed in by its form where a name is given. It fails at its end for what went wrong in it,
        but for lines with `expected` in them."""
        settings: dict[str, Any] = {"locale": locale, "viewport": {"width": width, "height": height}}
        context = await self.browser.new_context(storage_state=self.states.get(name or ""), **settings)
        shown = await context.new_page()
        shown.set_default_timeout(10_000)
        wrong: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda line: wrong.append(f"{line.text} {line.location}") if line.type in WRONG else None)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("websocket", lambda socket: asked.append(socket.url.replace("ws", "http", 1)))
        try:
            await shown.goto(f"{self.server.url}/desk")
            if name is not None:
                if name not in self.states:
                    await self.sign_in(shown, name)
                    self.states[name] = await context.storage_state()
                await shown.locator("body[data-wire=open]").wait_for()
            yield shown
        finally:
            await context.close()
        # nobody is signed in when a page opens first: the browser itself tells of that answer
        odd = [line for line in wrong if "/v1/staff/me" not in line and expected not in line]
        assert not odd, odd  # violations of the policy are told here too
        elsewhere = [url for url in asked if not url.startswith(f"{self.server.url}/")]
        assert not elsewhere, elsewhere

    async def sign_in(self, page: Any, name: str) -> None:
        """Sign in by the form, until the desk says who it is."""
        await self.give(page, name)
        await page.locator("#me", has_text=name).wait_for()

    async def give(self, page: Any, name: str) -> None:
        """Name and password, then the code of the authenticator, as staff do it."""
        await page.fill("#name", name)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.locator("#code:focus").wait_for()
        await page.keyboard.insert_text(code(self.enrolled[name], time.time()))
        await page.keyboard.press("Enter")

    async def opened(self, page: Any, session_id: str) -> None:
        """Go to a session, and wait until it is drawn."""
        await page.evaluate("(id) => { location.hash = `#/session/${id}`; }", session_id)
        await page.locator("#turns .turn").first.wait_for()
        await page.locator(".plot canvas").wait_for()


@asynccontextmanager
async def staffed(browser: Any, folder: Path) -> AsyncIterator[Desk]:
    """A server over people who were made up; of two counsellors li.wei cares for all of them, zhang.min for nobody."""
    async with running(folder, settings={"safety": Safety(counsellors=True)}) as server:
        desk = Desk(server, browser, folder)
        await filled(server, desk.access, 30, 400, 6)
        parts = (server.engine.records, desk.access.accounts, desk.access.audit)
        await seed(*parts, Amount(1, 40, 1, FORTY), time.time(), audio_days=30.0, force=True)
        people = tuple(f"seed0-{number:05d}" for number in range(6))
        await desk.hire("li.wei", "counsellor", cares_for=(LONG[:-5], *people))
        await desk.hire("zhang.min", "counsellor")
        yield desk


@asynccontextmanager
async def talking(desk: Desk, user: str, text: str = "我撑不下去了") -> AsyncIterator[Phone]:
    """A person in a talk that has grown dangerous, who agreed to a counsellor and is in li.wei's caseload."""
    phone = Phone()
    async with online(phone, desk.server, user):
        await phone.type(text)
        await phone.until("response.done")
        await desk.server.agreed("counsellor_review", user)
        in_danger(desk.server.sessions.live[phone.session_id])
        await desk.cares_for("li.wei", user)
        yield phone


def row(page: Any, session_id: str) -> Any:
    """The case of this session in the queue."""
    return page.locator(".case", has=page.locator(f'a.who[href="#/session/{session_id}"]'))
