"""Staff over HTTP: cookies, pages of others, roles, and a whole way in on a real server."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from click.testing import CliRunner, Result
from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.datastructures import State
from litestar.params import FromPath

from api.cli import companion
from api.staff import Access, SignedIn, access_of, requires, staff, staff_router
from companion.errors import InputError
from companion.records import database
from companion.records.repository import Records, open_records
from companion.records.sign_in import ABSOLUTE_S, IDLE_S
from companion.records.staff import ROLES, Enrolment
from companion.settings import Settings
from tests.companion.records.staffing import HOME, NOW, PASSWORD, Clock, access, code, hire, signed_in

WHY = "calls from their phone, says it is urgent"
GUARDS = {"any": (), **{role: (role,) for role in ROLES}, "both": ("counsellor", "supervisor")}


def probe(name: str, roles: tuple[str, ...]) -> list[Any]:
    @get(f"/{name}", guards=[requires(*roles)])
    async def read(staff: SignedIn) -> str:
        return staff.name

    @post(f"/{name}", guards=[requires(*roles)], status_code=200)
    async def change(staff: SignedIn) -> str:
        return staff.name

    return [read, change]


@get("/people/{user_id:str}/sessions/{session_id:str}", guards=[requires("counsellor", "supervisor")])
async def read_session(
    request: Request[Any, Any, Any], staff: SignedIn, user_id: FromPath[str], session_id: FromPath[str]
) -> str:
    desk = access_of(request)
    await desk.caseload.seen(staff, user_id, "session.read", desk.now(), object_id=session_id)
    return "what was said"


@websocket("/live", guards=[requires("counsellor")])
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


class Office:
    """The routes over a database of its own."""

    def __init__(self, desk: Access, clock: Clock, records: Records) -> None:
        self.desk, self.clock, self.records = desk, clock, records
        probes = [each for name, roles in GUARDS.items() for each in probe(name, roles)]
        router = staff_router("/probe", read_session, live, *probes)
        self.app = Litestar([staff, router], state=State({"staff": desk}), openapi_config=None)

    def browser(self, scheme: str = "http", address: str = HOME) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://console.example")

    async def enter(self, browser: httpx.AsyncClient, enrolment: Enrolment) -> httpx.Response:
        """Both steps, as a page takes them; the page then sends its CSRF token along."""
        first = await browser.post("/v1/staff/login", json={"name": enrolment.name, "password": PASSWORD})
        browser.headers["x-csrf-token"] = first.json()["csrf"]
        second = await browser.post("/v1/staff/totp", json={"code": code(enrolment, self.clock.now)})
        assert second.status_code == 200, second.text
        browser.headers["x-csrf-token"] = second.json()["csrf"]
        return second


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    settings = Settings(data_dir=tmp_path)
    await asyncio.to_thread(database.upgrade, settings.database_url)
    async with open_records(settings) as records:
        clock = Clock()
        yield Office(access(records, tmp_path, clock), clock, records)


def cookie_of(answer: httpx.Response) -> Any:
    (only,) = SimpleCookie(answer.headers["set-cookie"]).values()
    return only


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_page_signs_in_and_out(office: Office, scheme: str) -> None:
    enrolment = await hire(office.desk)
    async with office.browser(scheme) as page:
        first = await page.post("/v1/staff/login", json={"name": "Ann", "password": PASSWORD})
        assert first.json()["next"] == "totp" and "token" not in first.text
        assert (await page.get("/v1/staff/me")).status_code == 401  # half the way is no way
        page.headers["x-csrf-token"] = first.json()["csrf"]
        second = await page.post("/v1/staff/totp", json={"code": code(enrolment, NOW)})
        before, after = cookie_of(first), cookie_of(second)
        assert before.value != after.value and after.value not in second.text  # no script can read it
        for kept in (before, after):
            assert kept["httponly"] and kept["samesite"].lower() == "strict" and kept["path"] == "/"
            assert not kept["domain"] and bool(kept["secure"]) == (scheme == "https")
            assert kept.key == ("__Host-companion-staff" if scheme == "https" else "companion-staff")
        me = await page.get("/v1/staff/me")
        assert me.json()["name"] == "ann" and me.json()["roles"] == ["counsellor"] and me.json()["caseload"] == []
        assert me.headers["cache-control"] == "no-store"
        page.headers["x-csrf-token"] = (await page.get("/v1/staff/csrf")).json()["csrf"]
        gone = await page.post("/v1/staff/logout")
        assert gone.status_code == 200 and not page.cookies
        again = {"cookie": f"{after.key}={after.value}"}
        assert (await page.get("/v1/staff/me", headers=again)).status_code == 401


async def test_a_planted_session_is_never_the_one_that_is_opened(office: Office) -> None:
    enrolment = await hire(office.desk)
    planted = await office.desk.sign_in.password("ann", PASSWORD, HOME, NOW)
    for value in (planted, "st_chosen-by-somebody-else"):
        office.clock.now += 30
        async with office.browser() as page:
            page.cookies.set("companion-staff", value, domain="console.example")
            await office.enter(page, enrolment)
            assert page.cookies.get("companion-staff", domain="console.example") != value
        async with office.browser() as other:
            other.cookies.set("companion-staff", value)
            assert (await other.get("/v1/staff/me")).status_code == 401


async def test_a_change_needs_the_token_of_this_very_session(office: Office) -> None:
    ann, ben = await hire(office.desk, "ann"), await hire(office.desk, "ben")
    async with office.browser() as hers, office.browser() as his:
        await office.enter(hers, ann)
        await office.enter(his, ben)
        good, other = hers.headers.pop("x-csrf-token"), his.headers["x-csrf-token"]
        assert (await hers.get("/probe/any")).status_code == 200
        for wrong in (None, "", "0" * 64, other, good[:-1] + "g", "ü"):
            headers = {} if wrong is None else {b"x-csrf-token": wrong.encode()}
            answer = await hers.post("/probe/any", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), wrong
        assert (await hers.post("/probe/any", headers={"x-csrf-token": good})).status_code == 200
        office.clock.now += 30
        await office.enter(hers, ann)  # another session, another token
        assert (await hers.post("/probe/any", headers={"x-csrf-token": good})).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://console.example:81", "http://x.console.example"]
)
async def test_pages_of_others_change_nothing_and_sign_nobody_in(office: Office, origin: str) -> None:
    enrolment = await hire(office.desk)
    login = {"name": "ann", "password": PASSWORD}
    async with office.browser() as page:
        assert (await page.post("/v1/staff/login", json=login, headers={"origin": origin})).status_code == 403
        await office.enter(page, enrolment)
        assert (await page.post("/probe/any", headers={"origin": origin})).status_code == 403
        assert (await page.post("/probe/any", headers={"origin": "http://console.example"})).status_code == 200


async def test_a_script_has_a_bearer_token_and_no_cookie(office: Office) -> None:
    enrolment = await hire(office.desk)
    async with office.browser() as script:
        first = await script.post("/v1/staff/login", json={"name": "ann", "password": PASSWORD, "bearer": True})
        assert "set-cookie" not in first.headers
        pending = {"authorization": f"Bearer {first.json()['token']}"}
        assert (await script.get("/probe/any", headers=pending)).status_code == 401
        second = await script.post("/v1/staff/totp", json={"code": code(enrolment, NOW)}, headers=pending)
        assert "set-cookie" not in second.headers and second.json()["token"] != first.json()["token"]
        token = second.json()["token"]
        assert (await script.post("/probe/any", headers={"authorization": f"Bearer {token}"})).text == "ann"
        assert (await script.get("/probe/any", params={"token": token})).status_code == 401
        assert (
            await script.get("/probe/any", headers={"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"})
        ).status_code == 401


async def test_every_role_meets_every_guard(office: Office) -> None:
    sets = [("counsellor",), ("supervisor",), ("counsellor", "supervisor"), ("researcher",), ("admin",)]
    for n, roles in enumerate(sets):
        token = await signed_in(office.desk, await hire(office.desk, f"person{n}", *roles))
        async with office.browser() as script:
            for name, wanted in GUARDS.items():
                for method in ("GET", "POST"):
                    assert (await script.request(method, f"/probe/{name}")).status_code == 401
                    answer = await script.request(
                        method, f"/probe/{name}", headers={"authorization": f"Bearer {token}"}
                    )
                    allowed = not wanted or bool(set(roles) & set(wanted))
                    assert answer.status_code == (200 if allowed else 403), (roles, name, answer.text)
    with pytest.raises(ValueError, match="councillor"):
        requires("councillor")


def test_a_route_whose_guard_was_forgotten_is_never_served() -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "everybody reads this"

    with pytest.raises(ValueError, match="forgotten has no guard"):
        staff_router("/probe", read_session, forgotten)


async def test_a_session_runs_out(office: Office) -> None:
    enrolment = await hire(office.desk)
    async with office.browser() as page:
        await office.enter(page, enrolment)
        office.clock.now = NOW + IDLE_S - 1
        assert (await page.get("/v1/staff/me")).status_code == 200
        office.clock.now += IDLE_S
        assert (await page.get("/v1/staff/me")).status_code == 401
        await office.enter(page, enrolment)
        while office.clock.now < NOW + 2 * IDLE_S + ABSOLUTE_S:
            office.clock.now += 1500
            answer = await page.get("/v1/staff/me")
        assert answer.status_code == 401


async def test_too_many_attempts_are_told_when_to_come_again(office: Office) -> None:
    await hire(office.desk)
    async with office.browser() as page:
        for _ in range(5):
            answer = await page.post("/v1/staff/login", json={"name": "ann", "password": "wrong password"})
            assert answer.status_code == 401 and "set-cookie" not in answer.headers
        answer = await page.post("/v1/staff/login", json={"name": "ann", "password": PASSWORD})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


async def test_a_session_is_read_by_who_cares_for_the_person_and_every_read_is_on_record(office: Office) -> None:
    await office.records.ensure_user("xiaoyu", NOW)
    ann = await hire(office.desk)
    path = "/probe/people/xiaoyu/sessions/s1"
    async with office.browser() as page:
        await office.enter(page, ann)
        assert (await page.get(path)).status_code == 404
        assert (await page.get("/probe/people/nobody/sessions/s1")).json() == (await page.get(path)).json()
        for bad in (
            {"reason": "short"},
            {"reason": WHY, "hours": 5},
            {"reason": WHY, "hours": "all"},
            {},
            {"reason": WHY, "user_id": "\0"},
        ):
            assert (await page.post("/v1/staff/break-glass", json={"user_id": "xiaoyu"} | bad)).status_code == 400
        broken = await page.post("/v1/staff/break-glass", json={"user_id": "xiaoyu", "reason": WHY, "hours": 2})
        assert broken.json() == {"user_id": "xiaoyu", "until": NOW + 7200}
        assert (await page.get(path)).text == "what was said"
        assert (await page.get("/v1/staff/me")).json()["caseload"] == ["xiaoyu"]
    actions = [entry.action for entry in await office.desk.audit.entries(user_id="xiaoyu")]
    assert actions == ["refused", "refused", "break_glass", "session.read"]


async def test_a_new_password_keeps_this_page_and_ends_the_others(office: Office) -> None:
    enrolment = await hire(office.desk)
    async with office.browser() as here, office.browser() as there:
        await office.enter(there, enrolment)
        office.clock.now += 30
        await office.enter(here, enrolment)
        change = {"old": PASSWORD, "new": "another long secret"}
        answer = await here.post("/v1/staff/password", json=change)
        assert answer.status_code == 200 and "another" not in answer.text
        assert (await here.get("/v1/staff/me")).status_code == 200
        assert (await there.get("/v1/staff/me")).status_code == 401


async def test_a_body_that_does_not_fit_is_not_quoted(office: Office) -> None:
    async with office.browser() as page:
        for body in (
            {"name": "ann"},
            {"name": 5, "password": "s3cret-words"},
            {"name": "ann", "password": "s3cret" * 99},
        ):
            answer = await page.post("/v1/staff/login", json=body)
            assert answer.status_code == 400 and "s3cret" not in answer.text
        assert (await page.post("/v1/staff/totp", json={"code": "123456"})).status_code == 401


async def knock(app: Litestar, headers: dict[str, str]) -> bool:
    """Whether a WebSocket opens."""
    told: list[Any] = []
    scope = {
        "type": "websocket", "path": "/probe/live", "raw_path": b"/probe/live", "query_string": b"", "scheme": "ws",
        "headers": [(b"host", b"console.example"), *((k.encode(), v.encode()) for k, v in headers.items())],
        "client": (HOME, 1), "server": ("console.example", 80), "subprotocols": [], "extensions": {}, "root_path": "",
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(event: Any) -> None:
        told.append(event["type"])

    await app(scope, receive, send)  # type: ignore[arg-type]
    return "websocket.accept" in told


async def test_a_socket_with_a_cookie_opens_from_our_own_pages_only(office: Office) -> None:
    token = await signed_in(office.desk, await hire(office.desk))
    admins = await signed_in(office.desk, await hire(office.desk, "tom", "admin"))
    cookie, ours = {"cookie": f"companion-staff={token}"}, {"origin": "http://console.example"}
    assert await knock(office.app, cookie | ours)
    assert await knock(office.app, {"authorization": f"Bearer {token}"})
    for headers in (cookie | {"origin": "https://evil.example"}, cookie, ours, {}):
        assert not await knock(office.app, headers)
    assert not await knock(office.app, {"authorization": f"Bearer {admins}"})


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(companion, arguments, input=typed, catch_exceptions=False)


async def test_an_account_made_on_the_command_line_opens_the_real_server(
    serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    async with serve() as server, httpx.AsyncClient(base_url=server.url) as page:
        await server.engine.records.ensure_user("xiaoyu", server.engine.now())
        added = await asyncio.to_thread(run, "staff", "add", "小王", "--role", "counsellor")
        assert added.exit_code == 0, added.output
        lines = added.output.splitlines()
        made, uri = lines[1].split(" ")[1], next(line.split(" ")[1] for line in lines if "otpauth" in line)
        assert len([line for line in lines if line.startswith("  ")]) == 10
        await asyncio.to_thread(run, "staff", "caseload", "add", "小王", "xiaoyu")
        first = await page.post("/v1/staff/login", json={"name": "小王", "password": made})
        headers = {"x-csrf-token": first.json()["csrf"]}
        second = await page.post("/v1/staff/totp", json={"code": pyotp.parse_uri(uri).now()}, headers=headers)
        assert second.status_code == 200, second.text
        assert (await page.get("/v1/staff/me")).json()["caseload"] == ["xiaoyu"]
        assert (await asyncio.to_thread(run, "staff", "disable", "小王")).output == "disabled\n"
        assert (await page.get("/v1/staff/me")).status_code == 401
        listed = json.loads((await asyncio.to_thread(run, "staff", "list", "--json")).output)
        assert listed["name"] == "小王" and listed["disabled_at"] and made not in added.output.splitlines()[0]
    head = json.loads((tmp_path / "audit.head").read_text("utf-8"))  # signed when the server went
    shown = await asyncio.to_thread(run, "audit", "list")
    assert [line.split()[4] for line in shown.output.splitlines()] == [
        "staff.add",
        "caseload.add",
        "staff.login",
        "staff.disable",
    ]
    assert head["seq"] == 4
    whole = await asyncio.to_thread(run, "audit", "verify")
    assert whole.exit_code == 0 and whole.output == "4 rows, whole up to row 4\n"
    with sqlite3.connect(tmp_path / "companion.db") as stranger:
        stranger.execute("DROP TRIGGER audit_no_delete")
        stranger.execute("DELETE FROM audit WHERE seq = 4")
    cut = await asyncio.to_thread(run, "audit", "verify")
    assert cut.exit_code == 1 and "row 4 and all after it were cut off" in cut.output
    with pytest.raises(InputError, match="12 to 256"):
        await asyncio.to_thread(run, "staff", "reset", "小王", "--ask", typed="short\n")
    own = await asyncio.to_thread(run, "staff", "reset", "小王", "--ask", typed="a password of my own\n")
    assert own.exit_code == 0 and "otpauth://" in own.output and "a password" not in own.output
