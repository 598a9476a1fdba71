"""Tokens: whom one speaks for, those that we sign ourselves (HS256), and what every token must hold."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from companion.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from jwt import PyJWK
    from jwt.types import Options

ROLES = ("user", "counsellor", "researcher", "operator")
CLIENT_SECRET = "ek_"  # as OpenAI's begin
_ISSUER = "companion"
OWN_ALGORITHM = "HS256"
_NAME = re.compile(r"[\w.@-]{1,64}")
ISSUERS_NAME = re.compile(r"[\w.@|:+=~-]{1,128}")  # of other issuers: "auth0|5f7c", "google-oauth2|1234"
LONGEST_TOKEN_S = 366 * 86_400.0  # that a token may live: revocations need not be kept for longer; authored
_LONGEST = 8192  # characters: a client secret with 4 KiB of session settings has less than 6,500
# RFC 7515 section 7.1. PyJWT takes padding as well, which would be a second spelling of the same token.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_JTI = 256
_WARDS = 16  # children of one guardian; authored
_CLOCK_S = 2.0**53
_MAKE_ONE = "make one with `companion token`"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token speaks for.

    kind: a client_secret only opens sessions. token_id: its jti, or the SHA-256 of what is signed, in hex. issued_at,
    expires_at: unix s; what the token opened ends with it unless it is renewed. key_id: of the issuer's key, None for
    our own secret. minted_by: (user id, token id) that a client secret was made with. session: the settings it
    carries, which fit protocol.SessionFields. guardian_of: ids of children for whom they consent.
    """

    user_id: str
    role: str
    kind: Literal["user", "client_secret"]
    token_id: str
    issued_at: float
    expires_at: float
    key_id: str | None = None
    minted_by: tuple[str, str] | None = None
    session: dict[str, Any] | None = None
    guardian_of: tuple[str, ...] = ()


def issue(
    secret: str, user_id: str, ttl_s: float, now: float, role: str = "user", guardian_of: Sequence[str] = ()
) -> str:
    """A token for user_id, good from now (unix seconds) for ttl_s. Raises ConfigurationError for a name, role or time
    that cannot be."""
    import jwt

    return jwt.encode(user_claims(user_id, ttl_s, now, role, guardian_of), secret, algorithm=OWN_ALGORITHM)


def user_claims(
    user_id: str, ttl_s: float, now: float, role: str = "user", guardian_of: Sequence[str] = ()
) -> dict[str, Any]:
    """What a token of ours says. As `issue`."""
    if not all(_NAME.fullmatch(name) for name in (user_id, *guardian_of)):
        raise ConfigurationError("a user name has 1 to 64 letters, digits, or . _ @ -")
    if role not in ROLES:
        raise ConfigurationError(f"no role {role!r}; choose one of {', '.join(ROLES)}")
    if not 0 < ttl_s <= LONGEST_TOKEN_S:
        raise ConfigurationError(f"a token lives for more than 0 s and at most {LONGEST_TOKEN_S:.0f} s, not {ttl_s:g}")
    issued_at = math.floor(now * 1000) / 1000  # finer than a second, so that it is after a revocation just before it
    return {
        "iss": _ISSUER,
        "sub": user_id,
        "role": role,
        "iat": issued_at,
        "exp": int(now + ttl_s),
        "jti": secrets.token_urlsafe(12),
        **({"guardian_of": list(guardian_of)} if guardian_of else {}),
    }


def issue_client_secret(
    secret: str,
    by: Principal,
    user_id: str,
    now: float,
    *,
    expires_at: float,
    session_until: float,
    session: Mapping[str, Any] | None,
) -> str:
    """A secret that opens sessions of user_id until expires_at; they last until session_until. Times: unix s."""
    import jwt

    claims = {
        "iss": _ISSUER,
        "kind": "client_secret",
        "sub": user_id,
        "iat": math.floor(now * 1000) / 1000,
        "exp": int(expires_at),
        "until": session_until,
        "by": [by.user_id, by.token_id],
        "jti": secrets.token_urlsafe(12),
    }
    if session is not None:
        claims["session"] = session
    # Not jwt.encode: it writes a Chinese character as six bytes.
    return CLIENT_SECRET + jwt.PyJWS().encode(msgspec.json.encode(claims), secret, algorithm=OWN_ALGORITHM)


def verify(secret: str, token: str | None, now: float, leeway_s: float = 0.0) -> Principal:
    """Who a token of our own, or a client secret, speaks for at now (unix seconds); revocations are not looked at.

    Raises AuthenticationError: none given, not a token, not signed by us (alg none among them), not valid at now.
    """
    token_header(token)
    assert token is not None
    bare = token.removeprefix(CLIENT_SECRET)
    claims = signed_claims(bare, secret, OWN_ALGORITHM, _ISSUER)
    is_secret = bare != token
    if is_secret != (claims.get("kind") == "client_secret"):
        raise AuthenticationError(f"this is not a token of this server; {_MAKE_ONE}")
    principal = claimed(claims, token, now, leeway_s, _NAME if not is_secret else ISSUERS_NAME)
    return _client_secret(principal, claims) if is_secret else principal


def token_header(token: str | None) -> Mapping[str, Any]:
    """The header of what may be a token, not verified. Raises AuthenticationError for what cannot be one.

    `crit` and `b64` are refused as we know no extension that would have to be understood (RFC 7515 section 4.1.11).
    """
    import jwt

    if not token:
        raise AuthenticationError(f"no token was given; {_MAKE_ONE}")
    if len(token) > _LONGEST:
        raise AuthenticationError(f"a token has at most {_LONGEST} characters; this is none")
    try:
        bare = token.removeprefix(CLIENT_SECRET)
        if not _COMPACT.fullmatch(bare):
            raise ValueError
        head = jwt.get_unverified_header(bare)
    except (jwt.PyJWTError, ValueError):
        raise AuthenticationError(f"this is not a token; {_MAKE_ONE}") from None
    if "crit" in head or "b64" in head:
        raise AuthenticationError("the token's header asks for an extension that this server does not know")
    return head


def token_id_of(token: str) -> str:
    """The id by which a token, or what may be one's jti, is revoked; its signature is not looked at.

    Raises AuthenticationError for what begins like a token and is none.
    """
    import jwt

    if not token.startswith((CLIENT_SECRET, "eyJ")):
        if not 0 < len(token) <= _JTI:
            raise AuthenticationError(f"a jti has 1 to {_JTI} characters")
        return token
    token_header(token)
    try:
        claims = jwt.decode(token.removeprefix(CLIENT_SECRET), options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        raise AuthenticationError("this is not a token") from None
    return _token_id(claims, token)


def signed_claims(
    token: str, key: str | PyJWK, algorithm: str, issuer: str, audience: str | None = None
) -> dict[str, Any]:
    """What a token says, once its signature, issuer and audience are checked. Raises AuthenticationError."""
    import jwt

    # The times are compared by `claimed`: PyJWT would read the clock itself.
    unchecked: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False}
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=audience,
            options={"require": ["iss", "sub", "exp", "iat"], **unchecked},
        )
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        raise AuthenticationError(f"the token was not signed by this server or its issuer; {_MAKE_ONE}") from None
    except jwt.InvalidIssuerError:
        raise AuthenticationError("the token comes from an issuer that this server does not know") from None
    except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError) as error:
        missing = error.claim if isinstance(error, jwt.MissingRequiredClaimError) else None
        told = f"the token has no {missing}" if missing else "the token is meant for another server (its aud)"
        raise AuthenticationError(told) from None
    except (jwt.PyJWTError, ValueError):
        raise AuthenticationError(f"this is not a token; {_MAKE_ONE}") from None
    return claims


def claimed(
    claims: Mapping[str, Any],
    token: str,
    now: float,
    leeway_s: float,
    names: re.Pattern[str] = ISSUERS_NAME,
    *,
    key_id: str | None = None,
) -> Principal:
    """Who these claims, whose signature was checked, speak for at now (unix s). Raises AuthenticationError."""
    user_id, role = claims["sub"], claims.get("role", "user")
    if not isinstance(user_id, str) or not names.fullmatch(user_id):
        raise AuthenticationError("the token's sub is not a user name of this server")
    if not isinstance(role, str) or role not in ROLES:
        raise AuthenticationError("the token names a role that this server does not know")
    token_id = _token_id(claims, token)
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if now >= expires_at + leeway_s:
        raise AuthenticationError(f"the token expired {now - expires_at:.0f} s ago; {_MAKE_ONE}")
    if now < max(issued_at, _time(claims, "nbf") if "nbf" in claims else 0.0) - leeway_s:
        raise AuthenticationError("the token is not valid yet: compare the clocks of its issuer and of this server")
    if expires_at - issued_at > LONGEST_TOKEN_S + 1:  # exp is in whole seconds
        raise AuthenticationError(f"the token lives for more than {LONGEST_TOKEN_S:.0f} s: have a shorter one issued")
    of = claims.get("guardian_of", [])
    if not isinstance(of, list) or len(of) > _WARDS or not all(isinstance(i, str) and names.fullmatch(i) for i in of):
        raise AuthenticationError(f"the token's guardian_of is not a list of at most {_WARDS} user names")
    until = expires_at + leeway_s
    return Principal(user_id, role, "user", token_id, issued_at, until, key_id, guardian_of=tuple(of))


def _client_secret(principal: Principal, claims: Mapping[str, Any]) -> Principal:
    by, session = claims.get("by"), claims.get("session")
    if not isinstance(by, list) or len(by) != 2 or not isinstance(session, dict | None):
        raise AuthenticationError("this is not a client secret of this server")
    until = _time(claims, "until")
    minted_by = (str(by[0]), str(by[1]))
    return replace(
        principal, kind="client_secret", expires_at=until, minted_by=minted_by, session=session, guardian_of=()
    )


def _token_id(claims: Mapping[str, Any], token: str) -> str:
    token_id = claims.get("jti")
    if token_id is None:
        # Of what is signed: an ECDSA signature can be turned into another one that is as good.
        return hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()
    if not isinstance(token_id, str) or not 0 < len(token_id) <= _JTI:
        raise AuthenticationError(f"the token's jti is not a string of 1 to {_JTI} characters")
    return token_id


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _CLOCK_S:
        raise AuthenticationError(f"the token's {name} is not a time in unix seconds")
    return float(value)
