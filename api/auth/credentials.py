"""Where a token may stand in a request, where it may not, and which pages may send one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from companion.errors import AuthenticationError

SUBPROTOCOL = "realtime"
SUBPROTOCOL_TOKEN = "openai-insecure-api-key."
TOKEN_NAMES = (  # of query parameters that others use for one
    "token", "access_token", "id_token", "refresh_token", "auth_token", "jwt", "bearer", "authorization",
    "api_key", "api-key", "apikey", "key", "secret", "client_secret", "ephemeral_key",
)  # fmt: skip
TOKEN = re.compile(r"\bek_[\w.=-]+|\beyJ[\w-]+\.[\w-]*\.?[\w=-]*")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?")
_PORTS = {"http": "80", "https": "443"}


def bearer(
    headers: Mapping[str, str], subprotocols: Iterable[str] = (), query: Mapping[str, Any] | None = None
) -> str | None:
    """The token of an `Authorization: Bearer` header or, from a browser, of OpenAI's subprotocol pair
    (`realtime`, `openai-insecure-api-key.TOKEN`); None when there is neither. Header names in any case.

    Raises AuthenticationError where the query holds one.
    """
    if query and token_in_query(query):
        raise AuthenticationError(
            "a token in the address is written into logs and histories: have this one revoked, and send it in "
            f"the header `Authorization: Bearer TOKEN` or the subprotocol `{SUBPROTOCOL_TOKEN}TOKEN`"
        )
    value = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for protocol in subprotocols:
        if protocol.startswith(SUBPROTOCOL_TOKEN):
            return protocol.removeprefix(SUBPROTOCOL_TOKEN) or None
    return None


def token_in_query(query: Mapping[str, Any]) -> bool:
    """Whether a parameter of the address is named like a token, or looks like one."""
    return any(
        name.lower() in TOKEN_NAMES or TOKEN.search(name) or TOKEN.search(str(value)) for name, value in query.items()
    )


def allowed_origin(origin: str | None, host: str, allowed: Sequence[str]) -> bool:
    """Whether a page of this origin may connect. host: of the request's Host header; allowed: other origins.

    None passes: an app or an SDK is no page, and could say what it likes. A page of ours passes whatever scheme a
    proxy speaks to us, as host and port are compared, with the port that belongs to the page's scheme where none
    stands. "null" (a sandboxed frame, a file) never passes, listed or not.
    """
    if origin is None:
        return True
    page = _ORIGIN.fullmatch(origin.lower())
    if page is None or not origin.isascii():
        return False
    scheme, name, port = page.groups()
    if scheme in _PORTS and _address(name, port, scheme) == _host(host, scheme):
        return True
    return any(
        (listed := _ORIGIN.fullmatch(other.lower().rstrip("/"))) is not None
        and listed[1] == scheme
        and _address(listed[2], listed[3], scheme) == _address(name, port, scheme)
        for other in allowed
    )


def _address(name: str, port: str | None, scheme: str) -> tuple[str, str | None]:
    return name, str(int(port)) if port else _PORTS.get(scheme)


def _host(host: str, scheme: str) -> tuple[str, str | None] | None:
    ours = _ORIGIN.fullmatch(f"{scheme}://{host.lower()}")
    return _address(ours[2], ours[3], scheme) if ours else None
