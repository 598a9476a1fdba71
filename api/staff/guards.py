"""What a route of staff demands: a session, one of these roles, and for a change that a page of ours asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from api.auth import allowed_origin, bearer
from api.staff.access import Access
from companion.errors import InputError
from companion.records.staff import ROLES, Staff

CSRF_HEADER = "x-csrf-token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_STATE = "staff"
_Connection = ASGIConnection[Any, Any, Any, Any]
SignedIn = NamedDependency[Staff]


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A session's token and how it came. by_cookie: a browser sent it by itself, for whatever page asked it to."""

    token: str
    by_cookie: bool


def access_of(connection: _Connection) -> Access:
    """The one of this process."""
    access: Access = connection.app.state.staff
    return access


def address_of(connection: _Connection) -> str:
    """Of the client; behind a proxy on this machine, what that says in X-Forwarded-For."""
    return connection.client.host if connection.client else ""


def cookie_name(connection: _Connection) -> str:
    """Over https the browser itself sees to it that nobody else's page or subdomain has set it (`__Host-`)."""
    return "__Host-companion-staff" if connection.url.scheme in ("https", "wss") else "companion-staff"


def credentials(connection: _Connection) -> Credentials | None:
    """What the request brings, the header before the cookie. Raises AuthenticationError for a token in the address."""
    token = bearer(connection.headers, query=connection.query_params)
    if token is not None:
        return Credentials(token, False)
    cookie = connection.cookies.get(cookie_name(connection))
    return Credentials(cookie, True) if cookie else None


def check_page(connection: _Connection, sent: Credentials | None) -> None:
    """For a change, or a WebSocket: that no foreign page asks for it. Raises InputError (csrf).

    A browser sends the cookie along whichever page asks. So a change must carry what only a page of ours can have
    read; a WebSocket, for which a page can set no header, must have an Origin, which the browser vouches for.
    """
    origin = connection.headers.get("origin")
    if not allowed_origin(origin, connection.headers.get("host", ""), ()):
        raise InputError("pages of another origin may not do this", code="csrf")
    if sent is None or not sent.by_cookie:
        return
    if not isinstance(connection, Request):
        if origin is None:
            raise InputError("a WebSocket that brings a cookie needs an Origin; else send a bearer token", code="csrf")
    elif not access_of(connection).sign_in.csrf_fits(sent.token, connection.headers.get(CSRF_HEADER)):
        raise InputError(f"send the header {CSRF_HEADER}, as GET /v1/staff/csrf tells it", code="csrf")


class Guard:
    """What `requires` makes: one of these roles, or any where none is named."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles

    async def __call__(self, connection: _Connection, _: BaseRouteHandler) -> None:
        access, sent = access_of(connection), credentials(connection)
        staff = await access.sign_in.session(sent.token if sent else None, access.now())
        if not isinstance(connection, Request) or connection.method not in _SAFE:
            check_page(connection, sent)
        if self.roles and not staff.roles & self.roles:
            raise InputError(f"this takes the role {' or '.join(sorted(self.roles))}", code="forbidden")
        connection.scope["state"][_STATE] = staff


def requires(*roles: str) -> Guard:
    """A guard: staff who have signed in and have one of these roles (none named: any). See docs/staff.md.

    It refuses with AuthenticationError, or InputError (forbidden, csrf). Raises ValueError for a role that is none.
    """
    if unknown := set(roles) - set(ROLES):
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")
    return Guard(frozenset(roles))


def staff_of(connection: _Connection) -> Staff:
    """Who asks, as the guard found out; for a WebSocket, and where a route takes no `SignedIn`."""
    staff: Staff = connection.scope["state"][_STATE]
    return staff


async def provide_staff(request: Request[Any, Any, Any]) -> Staff:
    """Who asks, as the guard found out."""
    return staff_of(request)
