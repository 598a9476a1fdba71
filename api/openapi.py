"""The HTTP API as an OpenAPI 3.1 document: what Litestar reads off the routes, and what it cannot know beside it.

`/openapi.json` serves it without a token; `companion schema --format openapi` prints it. What goes over WebSockets is
in /asyncapi.json, and in docs/review.md for /v1/review/sessions/{id}/live.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from api.openapi_examples import ANSWERS, EXAMPLES
from api.staff.guards import CSRF_HEADER, Guard

Json = dict[str, Any]
_ABOUT = """A companion that hears how something is said. People talk to it over a WebSocket (/asyncapi.json); what is
here is for the person's own data (`/v1/me`), for staff who sign in (`/v1/staff`), for counsellors (`/v1/review`) and
for researchers (`/v1/research`).

Times are unix seconds. A refusal is `{"error": {"type", "code", "message", "param"}}`, with no word of the request."""
_TAGS = {
    "/v1/me": (
        "me",
        "What is kept of whoever asks: they read it, correct it, take it with them, end it.",
    ),
    "/v1/staff": ("staff", "Signing in and out, and what staff do about their own access. See docs/staff.md."),
    "/v1/review": (
        "review",
        "For counsellors and supervisors, of whom they may see. See docs/review.md.",
    ),
    "/v1/research": (
        "research",
        "Exports in which nobody can be recognised: asked for, agreed to by somebody else, made, downloaded. See "
        "docs/exports.md.",
    ),
    "/v1/realtime": ("realtime", "Short-lived secrets to open sessions with."),
    "/": ("server", "Whether it is there, and its contracts."),
}
_SCHEMES: Json = {
    "userToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "A person's JWT, of this server or of the operator's issuer. See docs/auth.md.",
    },
    "staffToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "Of a session of staff, as /v1/staff/login and /totp tell it where `bearer` was asked for.",
    },
    "staffCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "companion-staff",
        "description": "Of a session of staff, for pages; over https it is called __Host-companion-staff.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "With the cookie, for every change: as GET /v1/staff/csrf tells it.",
    },
}
_BODIES: Json = {  # that a route reads itself
    "post /v1/realtime/client_secrets": {
        "schema": {
            "type": "object",
            "description": "All of it may be left out. session: as in session.update, see /asyncapi.json.",
            "properties": {
                "expires_after": {
                    "type": "object",
                    "properties": {
                        "anchor": {"type": "string", "const": "created_at"},
                        "seconds": {"type": "integer", "minimum": 10, "maximum": 7200},
                    },
                },
                "session": {"type": "object"},
                "companion": {"type": "object", "properties": {"user": {"type": "string", "maxLength": 128}}},
            },
        },
        "example": {"expires_after": {"anchor": "created_at", "seconds": 600}},
    }
}
_CONFIRM: Json = {
    "name": "Confirm-Erase",
    "in": "header",
    "required": True,
    "description": "As it cannot be undone.",
    "schema": {"type": "string", "const": "yes"},
}
_PARAMETERS = {
    "purpose": "Of GET /v1/me/consents.",
    "limit": "How many at most.",
    "cursor": "`next` of the page before.",
}
_CONFIRMED = ("delete /v1/me", "delete /v1/me/memories")
_MEDIA = {
    "get /v1/me/archive": "application/zip",
    "get /v1/review/turns/{turn_id}/audio": "audio/wav",
    "get /v1/research/exports/{export_id}/files/{file_name}": "application/octet-stream",
}
_OF_STAFF = ("/v1/staff", "/v1/review", "/v1/research")
_OPEN = ("/v1/staff/login", "/health", "/openapi.json", "/asyncapi.json", "/schema/realtime.json")
_REFUSALS: dict[int, tuple[str, str, str]] = {
    400: ("invalid_request", "The request does not fit.", "the request does not fit: see docs/review.md"),
    401: ("signed_out", "No token, or one that is over.", "you are not signed in: POST /v1/staff/login"),
    403: ("forbidden", "It takes another role, a consent, or a page of ours.", "this takes the role supervisor"),
    404: ("not_found", "Not there, or not for you to see.", "nobody of this id is among those that you may see"),
    409: ("claimed_by_other", "It stands otherwise by now.", "another counsellor has claimed this case"),
    429: ("too_many_attempts", "Too often; Retry-After says when.", "too many attempts: wait"),
    503: ("storage_error", "The database does not answer; try again.", "the database failed; try again"),
}
_SIGN_IN = ("/v1/staff/login", "/v1/staff/totp", "/v1/staff/password")
_CONFLICTS = re.compile(
    r"/queue/.+/|/labels$|/adjudication$|/label-schema$|/consents/\{|/deletion|/approval$|"
    r"/exports$|/refusal$|/cancellation$|/flags$"
)
_GENERIC = re.compile(r"^(\w+?)_(?:[\w.]+\.)?(\w+?)_$")


@cache
def openapi() -> Json:
    """The document."""
    from api.app import ROUTES

    app = Litestar(
        list(ROUTES),
        openapi_config=OpenAPIConfig(
            title="Companion",
            version=version("companion"),
            description=_ABOUT,
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin()],
        ),
    )
    document: Json = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    document = _renamed(document)
    components = document["components"]
    components["securitySchemes"] = _SCHEMES
    components["schemas"]["Error"] = _ERROR
    for name, schema in components["schemas"].items():
        _describe(schema, _structs().get(name), EXAMPLES.get(name))
    roles = dict(_roles(app))
    paths = {}
    for path, item in document["paths"].items():
        if path.startswith("/v1/") or path in _OPEN:
            paths[path] = item
            for method, operation in item.items():
                if isinstance(operation, dict) and "responses" in operation:
                    _complete(operation, path, method, roles.get((path, method.upper())))
    return document | {"paths": paths, "tags": [{"name": n, "description": about} for n, about in _TAGS.values()]}


@get("/openapi.json", sync_to_thread=False)
def openapi_route() -> Response[Json]:
    """This document."""
    return Response(openapi(), media_type="application/json")


_ERROR: Json = {
    "type": "object",
    "title": "Error",
    "description": "A refusal. message: what was wrong and what to do, never what was sent; code: for programs.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "code", "message", "param"],
            "properties": {
                "type": {"type": "string", "enum": ["invalid_request_error", "server_error"]},
                "code": {"type": "string"},
                "message": {"type": "string"},
                "param": {"type": "null"},
            },
        }
    },
}


def _complete(operation: Json, path: str, method: str, guard: Guard | None) -> None:
    """Tags, who may call it, what a refusal looks like, and an example of the answer."""
    operation["tags"] = [next(tag for prefix, (tag, _) in _TAGS.items() if path.startswith(prefix))]
    operation["summary"] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation["summary"]).capitalize()
    if path in _OPEN:
        operation["security"] = []
    elif path.startswith(_OF_STAFF):
        page: Json = {"staffCookie": []} if method == "get" else {"staffCookie": [], "csrf": []}
        operation["security"] = [{"staffToken": []}, page]
    else:
        operation["security"] = [{"userToken": []}]
    if guard is not None and guard.roles:
        operation["x-roles"] = sorted(guard.roles)
        operation["description"] = f"{operation['description']}\n\nRoles: {', '.join(sorted(guard.roles))}."
    for parameter in operation.get("parameters", ()):
        about = "The id of one that you may see." if parameter["in"] == "path" else "Of the texts."
        parameter.setdefault("description", _PARAMETERS.get(parameter["name"], about))
    key = f"{method} {path}"
    if key in _BODIES:
        operation["requestBody"] = {"required": False, "content": {"application/json": _BODIES[key]}}
    if key in _CONFIRMED:
        operation.setdefault("parameters", []).append(_CONFIRM)
    answers = operation["responses"]
    answers.pop("400", None)
    for status, answer in answers.items():
        answer["description"] = "As asked." if status.startswith("2") else answer["description"]
        if key in _MEDIA:
            answer["content"] = {_MEDIA[key]: {"schema": {"type": "string", "format": "binary"}}}
        elif (told := ANSWERS.get(key)) is not None:
            answer.setdefault("content", {}).setdefault("application/json", {})["example"] = told
    for status in _refusals(operation, path, guard):
        code, about, message = _REFUSALS[status]
        if status == 401 and not path.startswith(_OF_STAFF):
            code, message = "invalid_token", "the token is not one of ours: companion token"
        error = {"type": "server_error" if status == 503 else "invalid_request_error", "code": code}
        example = {"error": {**error, "message": message, "param": None}}
        answers[str(status)] = _refusal(about, example)
    answers["default"] = _refusal("Any other refusal.")


def _refusals(operation: Json, path: str, guard: Guard | None) -> Iterator[int]:
    if path in _OPEN and path != "/v1/staff/login":
        return
    if operation.get("parameters") or "requestBody" in operation:
        yield 400
    yield 401
    if guard is not None or path in _SIGN_IN or "consents" in path or "contacts" in path:
        yield 403
    if "{" in path or path.endswith("break-glass"):
        yield 404
    if _CONFLICTS.search(path):
        yield 409
    if path in _SIGN_IN or path.endswith(("/complaints", "/exports")):
        yield 429
    yield 503


def _refusal(about: str, example: Json | None = None) -> Json:
    told = {"schema": {"$ref": "#/components/schemas/Error"}} | ({} if example is None else {"example": example})
    return {"description": about, "content": {"application/json": told}}


def _roles(app: Litestar) -> Iterator[tuple[tuple[str, str], Guard]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                for guard in handler.resolve_guards():
                    inner = getattr(guard, "func", guard)  # Litestar may have wrapped it
                    if isinstance(inner, Guard):
                        yield (route.path_format, str(method)), inner


def _renamed(document: Json) -> Json:
    """PageOfNote rather than Page_api.review.schemas.Note_."""
    names = {name: match for name in document["components"]["schemas"] if (match := _GENERIC.match(name))}
    text = msgspec.json.encode(document).decode()
    for name, match in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{match[1]}Of{match[2]}"')
    renamed: Json = msgspec.json.decode(text)
    schemas = renamed["components"]["schemas"]
    for name, match in names.items():
        schemas[f"{match[1]}Of{match[2]}"] = schemas.pop(name) | {"title": f"{match[1]} of {match[2]}"}
    return renamed


def _describe(schema: Json, struct: type[msgspec.Struct] | None, example: Any) -> None:
    if struct is not None and struct.__doc__:
        schema["description"] = inspect.cleandoc(struct.__doc__)
    if example is not None:
        schema["examples"] = [example]


@cache
def _structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct of the API by its name, as the document calls it."""
    found: dict[str, type[msgspec.Struct]] = {}
    for struct in _below(msgspec.Struct):
        if struct.__module__.startswith("api."):
            found[struct.__name__] = struct
    for name, example in EXAMPLES.items():
        if "Of" in name and name.partition("Of")[0] in found and isinstance(example, dict):
            found[name] = found[name.partition("Of")[0]]
    return found


def _below(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in struct.__subclasses__():
        yield each
        yield from _below(each)
