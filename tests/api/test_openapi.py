"""The OpenAPI document: whole, true to its examples, and kept to by the server whatever a client sends."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from api.commands.schema import schema as schema_command
from api.openapi import openapi
from companion.records import case_views
from companion.records.case_views import Viewer
from companion.review.notes import Notes
from tests.api.conftest import running
from tests.api.desk import desk_of
from tests.api.seeded import filled
from tests.api.test_access_matrix import ROLES, STAFF, Role, routes
from tests.companion.records.staffing import hire, signed_in

Serve = Callable[..., Any]
EXAMPLES = int(os.environ.get("COMPANION_SCHEMATHESIS_EXAMPLES", "3"))  # of each operation and role
DOCUMENT = openapi()
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if "responses" in operation
]
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]


def test_the_document_has_every_route_that_is_no_page_and_no_socket() -> None:
    told = {f"{method.upper()} {path}" for method, path, _ in OPERATIONS}
    pages = {
        route for route in routes() if route.startswith(("GET /talk", "GET /desk", "GET /research", "GET /safety"))
    }
    assert told == {route for route in routes() if not route.startswith("WS ")} - pages
    assert DOCUMENT["openapi"].startswith("3.1")


def test_everything_in_it_is_described_and_shown() -> None:
    for method, path, operation in OPERATIONS:
        where = f"{method} {path}"
        assert operation["description"] and operation["summary"] and operation["tags"], where
        assert all(parameter["description"] for parameter in operation.get("parameters", ())), where
        answers = operation["responses"]
        assert "default" in answers and any(status.startswith("2") for status in answers), where
        if path.startswith("/v1/") and path != "/v1/staff/login":
            assert {"401", "503"} <= set(answers) and operation["security"], where
        if path.startswith("/v1/review"):
            assert operation["x-roles"] and "403" in answers, where
            assert "404" in answers or "{" not in path, where
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        assert schema.get("examples") or name == "Error", name
    assert set(DOCUMENT["components"]["securitySchemes"]) == {"userToken", "staffToken", "staffCookie", "csrf"}


def test_its_examples_are_what_it_says_they_are() -> None:
    registry = {"components": DOCUMENT["components"]}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}"} | registry)
            errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(example)]
            assert not errors, (name, errors)
    refusal = DOCUMENT["components"]["schemas"]["Error"]
    for _, _, operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            told = answer.get("content", {}).get("application/json", {})
            if status >= "4" and status != "default":
                jsonschema.validate(told["example"], refusal)


async def test_it_is_served_without_a_token_and_printed(serve: Serve) -> None:
    async with serve() as server, httpx.AsyncClient() as http:
        assert (await http.get(f"{server.url}/openapi.json")).json() == DOCUMENT
    printed = CliRunner().invoke(schema_command, ["--format", "openapi"])
    assert printed.exit_code == 0 and '"title": "Companion"' in printed.output


NOT_SENT = {
    ("delete", "/v1/me"),
    ("post", "/v1/staff/logout"),
    ("get", "/v1/review/events"),
}  # end the caller, or never
REAL = {  # what a path names, so that more than 404 is seen
    "session_id": "seed0-00000-0000",
    "turn_id": "seed0-00000-0000-0000",
    "user_id": "seed0-00000",
    "purpose": "research",
}


class Served:
    """A server in a thread of its own, over people who never were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""
        self.tokens: dict[Role, str] = {}
        self.real = dict(REAL)
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        async with running(self._folder) as server:
            desk = desk_of(server, self._folder)
            await filled(server, desk, 40, 200, 4)
            for role in ROLES[2:]:
                enrolment = await hire(desk, role, role)
                self.tokens[role] = await signed_in(desk, enrolment)
                if role == "counsellor":
                    await desk.caseload.add(enrolment.staff_id, "seed0-00000", time.time(), by="operator")
            await self._have(server, enrolment.staff_id)
            self.tokens["user"] = server.token("seed0-00000", ttl_s=3600.0)
            self.url = server.url
            self._ready.set()
            await self._stop.wait()

    async def _have(self, server: Any, staff_id: str) -> None:
        """A case and a note that a path can name."""
        user_id, session_id, cases = REAL["user_id"], REAL["session_id"], server.engine.cases
        records, now = server.engine.records, time.time()
        call = {"priority": 1, "sla_s": 60.0, "level": 4, "kinds": ["suicide"], "reasons": ["plan"], "said": "嗯"}
        await records.ring.load(user_id)
        await records.store.transaction(cases.asked(session_id, user_id, now=now, **call))
        note, kept = Notes(records.store, records.ring).added(user_id, session_id, None, (staff_id, ""), "嗯", now)
        await records.store.transaction(kept)
        case = await case_views.of_session(cases, Viewer("s", None), session_id)
        assert case is not None
        self.real |= {"case_id": case.id, "note_id": note.id}


@pytest.fixture(scope="module")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("schemathesis")) as served:
        yield served


LOADED = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_sent_the_server_answers_as_it_says(filled_server: Served, role: Role) -> None:
    """Sent: what fits the document, and what does not. COMPANION_SCHEMATHESIS_EXAMPLES: how often, for a longer run."""
    headers = {} if role == "none" else {"authorization": f"Bearer {filled_server.tokens[role]}"}
    sent = 0
    for result in LOADED.get_all_operations():
        operation = result.ok()
        if (operation.method, operation.path) in NOT_SENT or not _concerns(role, operation.path):
            continue
        for mode in schemathesis.GenerationMode:
            sent += _send(filled_server, operation, mode, headers)
    assert sent > 0


def _concerns(role: Role, path: str) -> bool:
    """Whoever is refused everywhere is sent to a part only, so that the time goes where there is something to see."""
    if role == "user":
        return path.startswith(("/v1/me", "/v1/realtime"))
    if role in STAFF:
        return path.startswith(("/v1/staff", "/v1/review"))
    return True


def _send(served: Served, operation: Any, mode: Any, headers: dict[str, str]) -> int:
    sent = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES <= 3,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def once(case: Any) -> None:
        nonlocal sent
        if sent % 2 and case.path_parameters:
            case.path_parameters |= {k: v for k, v in served.real.items() if k in case.path_parameters}
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() not in ("authorization", "cookie")}
        response = case.call(base_url=served.url, headers=headers, timeout=20)
        case.validate_response(response, checks=CHECKS)
        sent += 1

    try:
        once()
    except Exception as error:
        nothing_to_get_wrong = type(error).__name__ == "Unsatisfiable" and mode is schemathesis.GenerationMode.NEGATIVE
        if not nothing_to_get_wrong:
            raise
    return sent
