"""Who is calling: HS256 tokens, signed with one secret of this installation."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.errors import AuthenticationError, ConfigurationError
from companion.settings import Settings

ROLES = ("user", "counsellor", "researcher", "operator")
_ISSUER = "companion"
_ALGORITHM = "HS256"
_SUBPROTOCOL_TOKEN = "openai-insecure-api-key."
SUBPROTOCOL = "realtime"
_NAME = re.compile(r"[\w.@-]{1,64}")
_SECRET_BYTES = 32  # as many as HS256's hash: RFC 7518 section 3.2


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for."""

    user_id: str
    role: str


def issue(secret: str, user_id: str, ttl_s: float, now: float, role: str = "user") -> str:
    """A token for user_id, good from now (unix seconds) for ttl_s. Raises ConfigurationError for a name or role
    that cannot be."""
    import jwt

    if not _NAME.fullmatch(user_id):
        raise ConfigurationError("a user name has 1 to 64 letters, digits, or . _ @ -")
    if role not in ROLES:
        raise ConfigurationError(f"no role {role!r}; choose one of {', '.join(ROLES)}")
    if not ttl_s > 0:
        raise ConfigurationError(f"a token lives for more than 0 s, not {ttl_s:g}")
    claims = {"iss": _ISSUER, "sub": user_id, "role": role, "iat": int(now), "exp": int(now + ttl_s)}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def verify(secret: str, token: str | None, now: float) -> Principal:
    """Who the token speaks for at now (unix seconds).

    Raises AuthenticationError: none given, not a token, not signed by us (alg none among them), or expired.
    """
    import jwt

    if not token:
        raise AuthenticationError("no token was given; make one with `companion token`")
    try:
        # The times are compared below: PyJWT would read the clock itself.
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        raise AuthenticationError("the token was not signed by this server; make one with `companion token`") from None
    except (jwt.InvalidTokenError, ValueError):
        raise AuthenticationError("this is not a token; make one with `companion token`") from None
    expires, user_id, role = claims["exp"], claims["sub"], claims.get("role", "user")
    if not isinstance(expires, int | float) or not isinstance(user_id, str) or not _NAME.fullmatch(user_id):
        raise AuthenticationError("this is not a token of this server; make one with `companion token`")
    if role not in ROLES:
        raise AuthenticationError("the token names a role that this server does not know")
    if now >= expires:
        raise AuthenticationError(f"the token expired {now - expires:.0f} s ago; make one with `companion token`")
    return Principal(user_id, role)


def signing_secret(settings: Settings) -> str:
    """The secret of the settings, or that of `data_dir/auth.secret`, made once with 32 random bytes, mode 0600.

    Raises ConfigurationError for one shorter than 32 bytes, or where the file can be neither read nor made.
    """
    if settings.auth.secret is not None:
        secret, source = settings.auth.secret.get_secret_value(), "COMPANION_AUTH__SECRET"
    else:
        path = settings.data_dir / "auth.secret"
        try:
            secret, source = _kept(path), str(path)
        except OSError as error:
            raise ConfigurationError(
                f"the token secret {path} cannot be read or made ({error.strerror}): mend its rights, "
                "or set COMPANION_AUTH__SECRET"
            ) from error
    if len(secret.encode()) < _SECRET_BYTES:
        raise ConfigurationError(f"{source} is shorter than {_SECRET_BYTES} bytes: make a new one")
    return secret


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name and then linked: a second process sees either nothing or a complete secret.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES))
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its secret holds
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def bearer(headers: Mapping[str, str], subprotocols: Iterable[str] = ()) -> str | None:
    """The token of an `Authorization: Bearer` header or, from a browser, of OpenAI's subprotocol pair
    (`realtime`, `openai-insecure-api-key.TOKEN`); None when there is neither. Header names in any case."""
    value = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for protocol in subprotocols:
        if protocol.startswith(_SUBPROTOCOL_TOKEN):
            return protocol.removeprefix(_SUBPROTOCOL_TOKEN) or None
    return None
