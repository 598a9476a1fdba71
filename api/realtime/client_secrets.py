"""POST /v1/realtime/client_secrets, as OpenAI's: a short-lived secret that a browser or a phone opens sessions with."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from msgspec import Meta, Struct

from api.auth import Authenticator, bearer
from api.auth.tokens import ISSUERS_NAME
from api.errors import refusals
from api.realtime.protocol import Session, SessionFields
from companion.engine import Engine
from companion.errors import InputError
from companion.items import new_id
from prompts.persona import load_persona

_SESSION_BYTES, _BODY_BYTES = 4096, 16_384
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class ExpiresAfter(Struct, frozen=True, kw_only=True):
    """seconds: from now."""

    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Meta(ge=10, le=7200)] | None = None


class ForWhom(Struct, frozen=True, kw_only=True):
    """user: the person, where an operator asks for them."""

    user: Annotated[str, Meta(pattern=rf"^{ISSUERS_NAME.pattern}$")] | None = None


class ClientSecretRequest(Struct, frozen=True, kw_only=True):
    """The body; all of it may be left out."""

    expires_after: ExpiresAfter = ExpiresAfter()
    session: SessionFields | None = None
    companion: ForWhom = ForWhom()


class ClientSecret(Struct, frozen=True, kw_only=True):
    """The answer. expires_at: unix seconds; session: as one that it opens will begin, but for the id."""

    value: str
    expires_at: int
    session: dict[str, Any]


@post(
    "/v1/realtime/client_secrets",
    status_code=200,
    request_max_body_size=_BODY_BYTES,
    exception_handlers=refusals(unfit="the body does not fit: see docs/auth.md"),
)
async def client_secrets(request: Request[Any, Any, Any]) -> Response[ClientSecret]:
    """A client secret for whoever the bearer token speaks for."""
    auth: Authenticator = request.app.state.auth
    engine: Engine = request.app.state.engine
    now = engine.now()
    who = auth.verify(bearer(request.headers, query=request.query_params), now)
    wanted = _wanted(await request.body())
    begun = Session(id=new_id("sess"), model=engine.chat.name)
    value, expires_at = auth.client_secret(
        who,
        now,
        user_id=wanted.companion.user,
        seconds=wanted.expires_after.seconds,
        session=None if wanted.session is None else msgspec.to_builtins(wanted.session),
    )
    if wanted.session is not None:
        begun = begun.updated(wanted.session)
    answer = ClientSecret(value=value, expires_at=expires_at, session=begun.wire())
    return Response(answer, headers={"Cache-Control": "no-store"})


def _wanted(body: bytes) -> ClientSecretRequest:
    """Raises InputError; the message names the field, never what stood there."""
    try:
        wanted = msgspec.json.decode(body or b"{}", type=ClientSecretRequest)
    except msgspec.ValidationError as error:
        path = _PATH.search(str(error))
        raise InputError(
            f"field {path[1] if path else 'of the body'}: not a value that is allowed here; see docs/auth.md",
            code="invalid_request",
        ) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InputError("the body is not JSON", code="invalid_json") from None
    if wanted.session is None:
        return wanted
    if len(msgspec.json.encode(wanted.session)) > _SESSION_BYTES:
        raise InputError(f"the session settings have more than {_SESSION_BYTES} bytes", code="session_too_large")
    persona = getattr(wanted.session.companion, "persona", None)
    try:
        if isinstance(persona, str):
            load_persona(persona, "zh")
    except ValueError as error:
        raise InputError(str(error), code="unknown_persona") from None
    return wanted
