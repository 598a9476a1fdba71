"""Every route x everybody x whose it is. A route without an entry here fails the test: say who may use it."""

import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import numpy as np
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.app import ROUTES
from companion.records.exports import ExportRow
from companion.records.staff import Staff
from companion.research.export.register import Register
from companion.research.export.request import Request
from companion.review.labels import Definition, Labels
from companion.review.notes import Notes
from memory.ledger import Changes
from memory.types import Memory, MemoryKind
from tests.api.desk import Counsellor, asked, desk_of
from tests.companion.records.staffing import hire, signed_in

Serve = Callable[..., Any]
Role = Literal["none", "user", "counsellor", "supervisor", "researcher", "admin"]
ROLES: tuple[Role, ...] = ("none", "user", "counsellor", "supervisor", "researcher", "admin")
STAFF: frozenset[Role] = frozenset({"counsellor", "supervisor", "researcher", "admin"})
COUNSELLORS: frozenset[Role] = frozenset({"counsellor", "supervisor"})
OWN, THEIRS, FREE = "anna", "boris", "cleo"  # whom the counsellor, and the user, is; whom not; who waits for anybody
SECRETS = {OWN: "安娜的话", THEIRS: "鲍里斯的话", FREE: "克利奥的话"}


@dataclass(frozen=True)
class Entry:
    """Who may: everybody else is refused. body: as JSON; it may be unfit where the act itself is not wanted here.

    scoped: whether its path names something that is somebody's; another's is then 404 for whoever may not see them.
    taken: whom a counsellor names as another's; free: where that is no 404.
    """

    may: frozenset[Role] = frozenset(ROLES)
    body: Any = None
    scoped: bool = False
    free: bool = False
    params: dict[str, Any] = field(default_factory=dict)


EVERYBODY = Entry()
UNFIT: dict[str, Any] = {}
ME = frozenset[Role]({"user"})
LOOK = Entry(COUNSELLORS, scoped=True)
MATRIX: dict[str, Entry] = {
    "GET /health": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /asyncapi.json": EVERYBODY,
    "GET /schema/realtime.json": EVERYBODY,
    "GET /safety": EVERYBODY,
    "GET /talk": EVERYBODY,
    "GET /talk/{name}": EVERYBODY,
    "WS /v1/realtime": Entry(ME),
    "POST /v1/realtime/client_secrets": Entry(ME, UNFIT),
    "GET /v1/me/memories": Entry(ME),
    "DELETE /v1/me/memories": Entry(ME),  # not confirmed
    "PATCH /v1/me/memories/{memory_id}": Entry(ME, {"text": "不是这样"}, scoped=True),
    "DELETE /v1/me/memories/{memory_id}": Entry(ME, scoped=True),
    "DELETE /v1/me": Entry(ME),  # not confirmed
    "GET /v1/me/consents": Entry(ME),
    "GET /v1/me/consents/{purpose}": Entry(ME),
    "PUT /v1/me/consents/{purpose}": Entry(ME, {"given": False}),
    "GET /v1/me/wards/{user_id}/consents": Entry(ME, scoped=True),
    "PUT /v1/me/wards/{user_id}/consents/{purpose}": Entry(ME, {"given": False}, scoped=True),
    "GET /v1/me/contacts": Entry(ME),
    "PUT /v1/me/contacts/emergency": Entry(ME, {"name": "王芳", "phone": "13800000000"}),
    "DELETE /v1/me/contacts/emergency": Entry(ME),
    "GET /v1/me/sessions": Entry(ME),
    "GET /v1/me/sessions/{session_id}": Entry(ME, scoped=True),
    "GET /v1/me/archive": Entry(ME),
    "GET /v1/me/complaints": Entry(ME),
    "POST /v1/me/complaints": Entry(ME, {"text": "太快了"}),
    "POST /v1/staff/login": Entry(body=UNFIT),
    "POST /v1/staff/totp": Entry(body=UNFIT),
    "POST /v1/staff/logout": Entry(STAFF),
    "GET /v1/staff/me": Entry(STAFF),
    "GET /v1/staff/csrf": Entry(STAFF),
    "POST /v1/staff/password": Entry(STAFF, UNFIT),
    "POST /v1/staff/break-glass": Entry(frozenset({"counsellor"}), UNFIT),
    "GET /v1/review/queue": Entry(COUNSELLORS),
    "POST /v1/review/queue/{case_id}/claim": Entry(COUNSELLORS, UNFIT, scoped=True, free=True),
    "POST /v1/review/queue/{case_id}/release": Entry(COUNSELLORS, UNFIT, scoped=True),
    "POST /v1/review/queue/{case_id}/hand-over": Entry(COUNSELLORS, {"to": "counsellor"}, scoped=True),
    "POST /v1/review/queue/{case_id}/resolve": Entry(COUNSELLORS, {"outcome": "supported", "level": 1}, scoped=True),
    "GET /v1/review/events": Entry(COUNSELLORS),
    "WS /v1/review/sessions/{session_id}/live": LOOK,
    "GET /v1/review/sessions": Entry(COUNSELLORS),
    "GET /v1/review/sessions/{session_id}": LOOK,
    "GET /v1/review/sessions/{session_id}/turns": LOOK,
    "GET /v1/review/turns/{turn_id}/prompt": LOOK,
    "GET /v1/review/turns/{turn_id}/audio": LOOK,
    "GET /v1/review/people": Entry(COUNSELLORS),
    "GET /v1/review/people/{user_id}": LOOK,
    "GET /v1/review/sessions/{session_id}/notes": LOOK,
    "POST /v1/review/sessions/{session_id}/notes": Entry(COUNSELLORS, {"text": "回访"}, scoped=True),
    "POST /v1/review/notes/{note_id}/deletion": Entry(COUNSELLORS, UNFIT, scoped=True),
    "GET /v1/review/deletions": Entry(frozenset({"supervisor", "admin"})),
    "POST /v1/review/deletions/{request_id}/approval": Entry(frozenset({"supervisor", "admin"}), UNFIT),
    "GET /v1/review/label-schema": Entry(COUNSELLORS),
    "PUT /v1/review/label-schema": Entry(frozenset({"supervisor"}), UNFIT),
    "GET /v1/review/labels/agreement": Entry(COUNSELLORS, params={"name": "helps"}),
    "GET /v1/review/turns/{turn_id}/labels": LOOK,
    "POST /v1/review/turns/{turn_id}/labels": Entry(COUNSELLORS, {"name": "helps", "value": True}, scoped=True),
    "POST /v1/review/turns/{turn_id}/adjudication": Entry(
        frozenset({"supervisor"}), {"name": "helps", "value": True}, scoped=True
    ),
    "GET /v1/review/sessions/{session_id}/labels": LOOK,
    "POST /v1/review/sessions/{session_id}/labels": Entry(COUNSELLORS, {"name": "course", "value": True}, scoped=True),
    "POST /v1/review/sessions/{session_id}/adjudication": Entry(
        frozenset({"supervisor"}), {"name": "course", "value": True}, scoped=True
    ),
}
RESEARCHERS, APPROVERS = frozenset[Role]({"researcher"}), frozenset[Role]({"supervisor", "admin"})
MATRIX |= {
    "POST /v1/research/exports": Entry(RESEARCHERS, UNFIT),
    "GET /v1/research/exports": Entry(RESEARCHERS | APPROVERS),
    "GET /v1/research/exports/{export_id}": Entry(RESEARCHERS | APPROVERS),
    "POST /v1/research/exports/{export_id}/approval": Entry(APPROVERS, UNFIT),  # and 409: it is published
    "POST /v1/research/exports/{export_id}/refusal": Entry(APPROVERS),
    "POST /v1/research/exports/{export_id}/cancellation": Entry(RESEARCHERS),
    "GET /v1/research/exports/{export_id}/flags": Entry(APPROVERS),
    "POST /v1/research/exports/{export_id}/flags": Entry(APPROVERS, UNFIT),
    "GET /v1/research/exports/{export_id}/files/{file_name}": Entry(RESEARCHERS),
}
MATRIX |= {"GET /v1/research/overview": Entry(RESEARCHERS)}
PAGES = ("GET /desk", "GET /research")  # which hold nothing of anybody
LAST = "POST /v1/staff/logout"  # after it, its caller is nobody


def routes() -> set[str]:
    """Every route of the application, as METHOD /path/{parameter}."""
    found = set()
    for route in Litestar(list(ROUTES), openapi_config=None).routes:
        if isinstance(route, HTTPRoute):
            found |= {
                f"{m} {route.path_format or '/'}" for m in route.route_handler_map if m not in ("OPTIONS", "HEAD")
            }
        elif isinstance(route, WebSocketRoute):
            found.add(f"WS {route.path_format}")
    return found


def test_every_route_says_who_may_use_it() -> None:
    there = {route for route in routes() if not route.startswith(PAGES)}
    assert there - set(MATRIX) == set(), "a new route: enter in MATRIX who may use it"
    assert set(MATRIX) - there == set(), "a route is gone: take it out of MATRIX"


class World:
    """A server with three people, each with a session, a turn, a recording, a note, a memory and a case."""

    def __init__(self, server: Any, desk: Any, http: httpx.AsyncClient, tokens: dict[Role, str]) -> None:
        self.server, self.desk, self.http, self.tokens = server, desk, http, tokens
        self.ids: dict[str, dict[str, str]] = {}
        self.staff = ""  # the id of who wrote the notes
        self.export = ""  # of the researcher

    async def call(self, key: str, role: Role, whose: str) -> tuple[int, str]:
        """The status, and the answer's text; of a stream and a socket what says the same."""
        entry, (method, path) = MATRIX[key], key.split(" ", 1)
        if "{request_id}" in path:
            self.ids[whose]["request_id"] = await self.ask_to_delete(whose)
        path = path.format(
            **{"name": "index.html", "purpose": "research", "export_id": self.export, "file_name": "manifest.json"},
            **self.ids[whose],
        )
        headers = {} if role == "none" else {"authorization": f"Bearer {self.tokens[role]}"}
        if method == "WS":
            return await self._socket(path, headers)
        asked_for = {"json": entry.body, "params": entry.params, "headers": headers}
        async with self.http.stream(method, path, **asked_for) as answer:
            stream = answer.headers.get("content-type", "").startswith("text/event-stream")
            return answer.status_code, "" if stream else (await answer.aread()).decode(errors="replace")

    async def ask_to_delete(self, whose: str) -> str:
        """The id of a request for their note to be deleted, by somebody who does nothing else."""
        other = Staff("staff_other", "other", frozenset({"supervisor"}))
        return (await self.desk.deletions.request(other, whose, self.ids[whose]["note_id"], time.time())).id

    async def _socket(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        url = f"ws{self.server.url.removeprefix('http')}{path}"
        try:
            async with connect(url, additional_headers=headers) as socket:
                first = await socket.recv()
                event = json.loads(first)
                if event["type"] != "error":
                    return 200, str(first)
                code = event.get("code") or event["error"]["code"]
                return {"not_found": 404, "invalid_token": 401}.get(code, 400), str(first)
        except InvalidStatus as refused:
            return refused.response.status_code, ""
        except ConnectionClosed:
            return 403, ""


async def _person(world: World, name: str) -> dict[str, str]:
    records, now = world.server.engine.records, time.time()
    session_id, turn_id = f"s-{name}", f"item-{name}"
    await asked(world.server, session_id, name, said=SECRETS[name])
    samples = np.zeros(1600, np.float32)
    at = {"index": 0, "now": now, "modality": "voice", "samples": samples}
    await records.commit_utterance(turn_id, session_id, name, **at)
    prompt = json.dumps({"id": "p", "messages": [], "blocks": [], "strategy": None, "recalls": []})
    said = {"user_text": SECRETS[name], "reply_text": "嗯", "prompt": prompt, "prompt_id": "p"}
    await records.finish_turn(turn_id, name, state="answered", **said)
    for purpose in ("counsellor_review", "audio_retention", "emergency_contact"):
        await world.server.agreed(purpose, name)
    note, kept = Notes(records.store, records.ring).added(
        name, session_id, turn_id, (world.staff, ""), SECRETS[name], now
    )
    await records.store.transaction(kept)
    memory = Memory(id=f"mem-{name}", user_id=name, kind=MemoryKind.EVENT, text=SECRETS[name])
    vector = np.zeros((1, world.server.engine.memories.embedder.dimensions), np.float32)
    changes, embedder = Changes((memory,), vector), world.server.engine.memories.embedder.name
    await world.server.engine.memories.ledger.apply(name, changes, embedder)
    (row,) = [case for case in await _cases(world.server) if case[1] == session_id]
    return {
        "session_id": session_id,
        "turn_id": turn_id,
        "note_id": note.id,
        "user_id": name,
        "memory_id": memory.id,
        "case_id": row[0],
    }


async def _export(server: Any, staff_id: str) -> str:
    """The id of one that is published, of a file."""
    made = f"export_{'0' * 32}"
    row = {"id": made, "lineage": made, "version": 1, "requested_by": staff_id, "purpose": "to see who may"}
    row |= {"request": Request().to_json(), "state": "published", "requested_at": time.time()}
    await Register(server.engine.records.store).add(ExportRow(**row, expires_at=time.time() + 600.0))
    folder = server.engine.settings.research_folder / "exports" / made
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", "utf-8")
    return made


async def _cases(server: Any) -> list[tuple[str, str]]:
    from sqlalchemy import select
    from sqlmodel import col

    from companion.records.cases import RiskCaseRow

    async def work(session: Any) -> list[tuple[str, str]]:
        return [tuple(r) for r in await session.execute(select(col(RiskCaseRow.id), col(RiskCaseRow.session_id)))]

    return await server.engine.records.store.transaction(work)


@asynccontextmanager
async def world_of(serve: Serve, folder: Path) -> AsyncIterator[World]:
    async with serve() as server, httpx.AsyncClient(base_url=server.url, timeout=10) as http:
        desk = desk_of(server, folder)
        tokens: dict[Role, str] = {"user": server.token(OWN, ttl_s=600.0)}
        ids = {}
        for role in ROLES[2:]:
            enrolment = await hire(desk, role, role)
            tokens[role], ids[role] = await signed_in(desk, enrolment), enrolment.staff_id
        world = World(server, desk, http, tokens)
        world.staff = ids["supervisor"]
        world.export = await _export(server, ids["researcher"])
        questions = [Definition(name="helps", title_zh="a", title_en="a", kind="flag")]
        questions.append(Definition(name="course", title_zh="a", title_en="a", kind="flag", per="session"))
        await Labels(server.engine.records.store, desk.audit).define("s", questions, time.time())
        for name in (OWN, THEIRS, FREE):
            world.ids[name] = await _person(world, name)
        await desk.caseload.add(ids["counsellor"], OWN, time.time(), by="operator")
        yield world


def expected(key: str, role: Role, whose: str) -> Literal["in", "nobody", "forbidden", "not_found"]:
    """What must come of it."""
    entry = MATRIX[key]
    if role not in entry.may:
        staffs = key.partition(" ")[2].startswith(("/v1/staff", "/v1/review", "/v1/research"))
        return "forbidden" if staffs and role in STAFF else "nobody"
    if entry.scoped and whose == THEIRS and role in ("user", "counsellor") and not entry.free:
        return "not_found"
    return "in"


async def test_everybody_gets_what_is_theirs_and_nothing_else(serve: Serve, tmp_path: Path) -> None:
    wrong = []
    async with world_of(serve, tmp_path) as world:
        keys = [*(key for key in MATRIX if key != LAST), LAST]
        for key, role in itertools.product(keys, ROLES):
            for whose in (THEIRS, OWN) if MATRIX[key].scoped else (OWN,):
                named = FREE if MATRIX[key].free and whose == THEIRS else whose
                status, text = await world.call(key, role, named)
                want = expected(key, role, whose)
                got = {401: "nobody", 403: "forbidden", 404: "not_found"}.get(status, "in")
                if key.startswith("WS") and got == "forbidden":
                    want = "forbidden" if want == "nobody" else want  # a handshake has but one way to be refused
                wards = "wards" in key and role == "user"  # nobody's guardian: even of themself
                if got != ("not_found" if wards else want) or status >= 500:
                    wrong.append(f"{key} as {role} on {whose}: {status}, not {want}")
                if want != "in" and any(secret in text for secret in SECRETS.values()):
                    wrong.append(f"{key} as {role} on {whose}: tells what was said")
                if role in ("user", "counsellor") and SECRETS[THEIRS] in text:
                    wrong.append(f"{key} as {role} on {whose}: tells what another said")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("key", ["GET /v1/review/sessions", "GET /v1/review/people", "GET /v1/review/queue"])
async def test_a_list_holds_nobody_else(serve: Serve, tmp_path: Path, key: str) -> None:
    async with world_of(serve, tmp_path) as world:
        for role, names in (("counsellor", {OWN}), ("supervisor", {OWN, THEIRS, FREE})):
            _, text = await world.call(key, role, OWN)  # type: ignore[arg-type]
            items = json.loads(text)["items"]
            if key.endswith("queue"):  # cases that wait are there for whoever comes, without a word of what was said
                assert {item["user_id"] for item in items} == {OWN, THEIRS, FREE}
                assert {item["user_id"] for item in items if item["said"]} == names
            else:
                assert {item["user_id"] for item in items} == names


async def test_no_change_is_made_for_a_page_of_somebody_else(serve: Serve, tmp_path: Path) -> None:
    """The cookie alone, which a browser sends along by itself, changes nothing on any route."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(world_of(serve, tmp_path))
        cookies = {"companion-staff": world.tokens["supervisor"]}
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=world.server.url, cookies=cookies))
        changing = [key for key in MATRIX if key.split()[0] not in ("GET", "WS") and "/v1/review" in key]
        assert len(changing) > 10
        for key in changing:
            method, path = key.split(" ", 1)
            answer = await http.request(
                method, path.format(**world.ids[OWN], request_id="del_0"), json=MATRIX[key].body
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), key
        async with Counsellor.at(world.server, tmp_path / "x", "late", "supervisor") as late:  # and nothing was changed
            assert len((await late.http.get("/queue")).json()["items"]) == 3
