"""/v1/staff: signing in and out, and what staff may do about their own access."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.auth.tokens import ISSUERS_NAME
from api.errors import refusals
from api.staff.guards import (
    Guard,
    SignedIn,
    access_of,
    address_of,
    check_page,
    cookie_name,
    credentials,
    provide_staff,
    requires,
)
from companion.errors import AuthenticationError
from companion.records.sign_in import ABSOLUTE_S, PENDING_S
from companion.records.staff import Staff

_Request = Request[Any, Any, Any]
_Password = Annotated[str, Meta(max_length=256)]


class Login(Struct, frozen=True, kw_only=True):
    """The first step. bearer: for a script; the token comes in the answer and no cookie is set."""

    name: Annotated[str, Meta(max_length=64)]
    password: _Password
    bearer: bool = False


class Code(Struct, frozen=True, kw_only=True):
    """Of the authenticator app, or a recovery code."""

    code: Annotated[str, Meta(max_length=32)]


class NewPassword(Struct, frozen=True, kw_only=True):
    """The old password once more, and the new one."""

    old: _Password
    new: _Password


class BreakGlass(Struct, frozen=True, kw_only=True):
    """Whom they must see, why, and for how long (hours, 4 at most)."""

    user_id: Annotated[str, Meta(pattern=rf"^{ISSUERS_NAME.pattern}$")]
    reason: Annotated[str, Meta(max_length=500)]
    hours: float = 1.0


@post("/login", status_code=200)
async def login(request: _Request, data: JSONBody[Login]) -> Response[dict[str, Any]]:
    """Name and password; what comes back is good for /totp only, for five minutes."""
    check_page(request, None)
    access, sent = access_of(request), credentials(request)
    token = await access.sign_in.password(
        data.name, data.password, address_of(request), access.now(), replacing=sent.token if sent else None
    )
    return _admitted(request, token, {"next": "totp"}, by_cookie=not data.bearer, max_age=PENDING_S)


@post("/totp", status_code=200)
async def totp(request: _Request, data: JSONBody[Code]) -> Response[dict[str, Any]]:
    """The second factor: now the session is open, under another token."""
    access, sent = access_of(request), credentials(request)
    if sent is None:
        raise AuthenticationError("give name and password first: POST /v1/staff/login")
    check_page(request, sent)
    token, staff = await access.sign_in.second(sent.token, data.code, address_of(request), access.now())
    return _admitted(request, token, {"staff": _told(staff)}, by_cookie=sent.by_cookie, max_age=ABSOLUTE_S)


@post("/logout", guards=[requires()], status_code=200)
async def logout(request: _Request, staff: SignedIn) -> Response[dict[str, Any]]:
    """The session is over."""
    access, sent = access_of(request), credentials(request)
    assert sent is not None
    await access.sign_in.leave(sent.token, staff, access.now())
    return Response({}, cookies=[_cookie(request, "", 0)])


@get("/me", guards=[requires()])
async def me(request: _Request, staff: SignedIn) -> dict[str, Any]:
    """Who you are, and whom you may see."""
    access = access_of(request)
    people = [] if "supervisor" in staff.roles else await access.caseload.people(staff, access.now())
    return {**_told(staff), "sees": "all" if "supervisor" in staff.roles else "caseload", "caseload": people}


@get("/csrf", guards=[requires()])
async def csrf(request: _Request) -> dict[str, str]:
    """What a page sends as X-CSRF-Token with every change."""
    sent = credentials(request)
    assert sent is not None
    return {"csrf": access_of(request).sign_in.csrf(sent.token)}


@post("/password", guards=[requires()], status_code=200)
async def password(request: _Request, data: JSONBody[NewPassword]) -> Response[dict[str, Any]]:
    """Another password; every other session of yours ends."""
    access, sent = access_of(request), credentials(request)
    assert sent is not None
    token = await access.sign_in.change_password(sent.token, data.old, data.new, address_of(request), access.now())
    return _admitted(request, token, {}, by_cookie=sent.by_cookie, max_age=ABSOLUTE_S)


@post("/break-glass", guards=[requires("counsellor")], status_code=200)
async def break_glass(request: _Request, staff: SignedIn, data: JSONBody[BreakGlass]) -> dict[str, Any]:
    """In an emergency: see somebody outside your caseload. It is written down, and supervisors read why."""
    access = access_of(request)
    broken = await access.caseload.break_glass(staff, data.user_id, data.reason, access.now(), hours=data.hours)
    return {"user_id": broken.user_id, "until": broken.until}


def _admitted(
    request: _Request, token: str, body: dict[str, Any], *, by_cookie: bool, max_age: float
) -> Response[dict[str, Any]]:
    if not by_cookie:
        return Response({**body, "token": token})
    told = {**body, "csrf": access_of(request).sign_in.csrf(token)}
    return Response(told, cookies=[_cookie(request, token, int(max_age))])


def _cookie(request: _Request, token: str, max_age: int) -> Cookie:
    return Cookie(
        key=cookie_name(request),
        value=token,
        max_age=max_age,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _told(staff: Staff) -> dict[str, Any]:
    return {"id": staff.id, "name": staff.name, "roles": sorted(staff.roles)}


REFUSALS = refusals(unfit="the body does not fit: see docs/staff.md", signed_out="signed_out")


def staff_router(path: str, *handlers: Any) -> Router:
    """A router whose routes may ask for `staff: SignedIn`. Nothing is cached.

    Raises ValueError for a route that no `requires(...)` guards: it would be open to everybody.
    """
    for handler in handlers:
        if not any(isinstance(guard, Guard) for guard in handler.guards or ()):
            raise ValueError(f"{path}: {handler.handler_name or handler} has no guard: add guards=[requires(...)]")
    return _router(path, handlers)


def _router(path: str, handlers: Iterable[Any]) -> Router:
    return Router(
        path,
        route_handlers=list(handlers),
        dependencies={"staff": Provide(provide_staff)},
        exception_handlers=REFUSALS,
        response_headers={"Cache-Control": "no-store"},
    )


staff = _router("/v1/staff", [login, totp, logout, me, csrf, password, break_glass])  # the first two let people in
