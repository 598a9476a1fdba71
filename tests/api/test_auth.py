"""Tokens: what is honoured, and every way of forging one that we know of."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from api.auth import Expiry, Principal, bearer, issue, signing_secret, token_in_query, verify
from api.auth.redaction import redacted
from api.auth.tokens import LONGEST_TOKEN_S, issue_client_secret
from companion.errors import AuthenticationError, ConfigurationError
from companion.settings import Settings

SECRET = "s" * 32
NOW = 1_800_000_000.0
GOOD: dict[str, Any] = {"iss": "companion", "sub": "ann", "role": "user", "iat": NOW, "exp": NOW + 60}


def signed(claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    return jwt.encode(claims, SECRET, algorithm="HS256", headers=headers)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(header: dict[str, Any], claims: dict[str, Any] = GOOD, key: bytes = SECRET.encode()) -> str:
    """As jwt.encode, which would refuse to make most of these."""
    head = f"{part(header)}.{part(claims)}"
    mac = hmac.new(key, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_a_token_speaks_for_its_user_until_it_expires() -> None:
    token = issue(SECRET, "ann", 60, NOW, role="counsellor")
    who = verify(SECRET, token, NOW + 59)
    assert (who.user_id, who.role, who.kind) == ("ann", "counsellor", "user")
    assert (who.issued_at, who.expires_at) == (NOW, NOW + 60)
    with pytest.raises(AuthenticationError, match="expired 0 s ago"):
        verify(SECRET, token, NOW + 60)
    assert verify(SECRET, token, NOW + 64, leeway_s=5).expires_at == NOW + 65
    with pytest.raises(AuthenticationError, match="expired 5 s ago"):
        verify(SECRET, token, NOW + 65, leeway_s=5)
    assert who.token_id != verify(SECRET, issue(SECRET, "ann", 60, NOW), NOW).token_id


def test_another_secret_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="not signed by this server"):
        verify("t" * 32, issue(SECRET, "ann", 60, NOW), NOW)


def test_alg_none_is_refused_with_and_without_a_signature() -> None:
    for alg in ("none", "None", "NONE", "nOnE", "", None, 0, ["HS256"]):
        head = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(GOOD)}"
        for token in (f"{head}.", f"{head}.{part('x')}", forged({"alg": alg})):
            with pytest.raises(AuthenticationError):
                verify(SECRET, token, NOW)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "b64": True},
        {"alg": "HS256", "kid": 7},
        {"alg": "HS384"},
        {},
    ],
)
def test_headers_that_ask_for_what_we_do_not_know(header: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationError):
        verify(SECRET, forged(header), NOW)
    assert verify(SECRET, forged({"alg": "HS256"}), NOW).user_id == "ann"  # what is forged here is otherwise sound


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token: str | None) -> None:
    with pytest.raises(AuthenticationError, match="no token"):
        verify(SECRET, token, NOW)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "...",
        "\ud800",
        "我.我.我",
        "e30.e30.e30",
        "ek_",
        "ek_a.b.c",
        "ey\nJ.a.b",
        "é" * 40,
        "x" * 1_000_000,
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        verify(SECRET, token, NOW)
    assert token not in str(caught.value).split()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"iss": None},
        {"iss": "other"},
        {"iss": ["companion"]},
        {"role": "root"},
        {"role": ["user"]},
        {"sub": "a/../b"},
        {"sub": "a" * 65},
        {"sub": ""},
        {"sub": ["ann"]},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"exp": -1},
        {"iat": NOW + 30},
        {"nbf": NOW + 30},
        {"nbf": "now"},
        {"exp": NOW + LONGEST_TOKEN_S + 60},
        {"aud": "elsewhere"},
        {"jti": 5},
        {"jti": "j" * 300},
        {"kind": "client_secret"},
    ],
)
def test_signed_by_us_but_not_a_token_of_ours(claims: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    with pytest.raises(AuthenticationError):
        verify(SECRET, forged({"alg": "HS256"}, claims), NOW)


def test_a_clock_that_is_a_little_behind_is_forgiven() -> None:
    token = signed({**GOOD, "iat": NOW + 4, "nbf": NOW + 4})
    assert verify(SECRET, token, NOW, leeway_s=5).user_id == "ann"
    with pytest.raises(AuthenticationError, match="clocks"):
        verify(SECRET, token, NOW, leeway_s=3)


def test_a_token_that_was_touched_is_refused() -> None:
    token = issue(SECRET, "ann", 60, NOW)
    head, body, mac = token.split(".")
    root = f"{head}.{part({**GOOD, 'role': 'operator'})}.{mac}"
    for n in range(0, len(token), 7):
        changed = token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :]
        with pytest.raises(AuthenticationError):
            verify(SECRET, changed, NOW)
    for other in (root, f"{head}.{body}.", f"{head}.{body}", f"{token}.{mac}", f"{token}=", f"{token}\n", f" {token}"):
        with pytest.raises(AuthenticationError):
            verify(SECRET, other, NOW)


def test_a_client_secret_and_a_token_do_not_pass_for_each_other() -> None:
    ann = verify(SECRET, issue(SECRET, "ann", 600, NOW), NOW)
    ek = issue_client_secret(SECRET, ann, "ann", NOW, expires_at=NOW + 60, session_until=NOW + 600, session={"a": 1})
    who = verify(SECRET, ek, NOW + 59)
    assert (who.kind, who.role, who.user_id, who.session) == ("client_secret", "user", "ann", {"a": 1})
    assert who.expires_at == NOW + 600 and who.minted_by == ("ann", ann.token_id)
    for token in (ek.removeprefix("ek_"), "ek_" + issue(SECRET, "ann", 60, NOW), f"ek_{ek}"):
        with pytest.raises(AuthenticationError):
            verify(SECRET, token, NOW)
    with pytest.raises(AuthenticationError, match="expired"):
        verify(SECRET, ek, NOW + 60)


@pytest.mark.parametrize(
    ("user", "ttl", "role"), [("", 1, "user"), ("a b", 1, "user"), ("a", 0, "user"), ("a", 4e7, "user"), ("a", 1, "x")]
)
def test_what_cannot_be_issued(user: str, ttl: float, role: str) -> None:
    with pytest.raises(ConfigurationError):
        issue(SECRET, user, ttl, NOW, role)


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: signing_secret(settings), range(16)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 43  # 32 bytes in base64
    files = list((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["auth.secret"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_the_settings_secret_goes_before_the_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, auth={"secret": SECRET})
    assert signing_secret(settings) == SECRET
    assert not list(tmp_path.iterdir())


def test_a_short_secret_and_an_unreadable_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="COMPANION_AUTH__SECRET is shorter"):
        signing_secret(Settings(data_dir=tmp_path, auth={"secret": "short"}))
    (tmp_path / "auth.secret").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        signing_secret(Settings(data_dir=tmp_path))


@pytest.mark.parametrize(
    ("headers", "subprotocols", "token"),
    [
        ({"Authorization": "Bearer abc"}, [], "abc"),
        ({"authorization": "bearer  abc "}, [], "abc"),
        ({"Authorization": "Basic abc"}, [], None),
        ({"Authorization": "Bearer "}, [], None),
        ({}, ["realtime", "openai-insecure-api-key.abc.d-e.f", "openai-beta.realtime-v1"], "abc.d-e.f"),
        ({}, ["realtime", "openai-insecure-api-key."], None),
        ({"Authorization": "Bearer head"}, ["openai-insecure-api-key.sub"], "head"),
        ({}, [], None),
    ],
)
def test_where_the_token_stands(headers: dict[str, str], subprotocols: list[str], token: str | None) -> None:
    assert bearer(headers, subprotocols, {"model": "m"}) == token


@pytest.mark.parametrize("name", ["token", "Access_Token", "api-key", "model"])
def test_a_token_in_the_address_is_refused_though_another_stands_in_the_header(name: str) -> None:
    token = issue(SECRET, "ann", 60, NOW)
    with pytest.raises(AuthenticationError, match="Authorization: Bearer") as caught:
        bearer({"authorization": f"Bearer {token}"}, (), {name: token})
    assert token not in str(caught.value)
    assert not token_in_query({"model": "qwen2.5-1.5b", "week_no": "3", "call_id": "rtc_1"})


def test_a_log_line_loses_its_tokens_and_nothing_else() -> None:
    token, ek = issue(SECRET, "ann", 60, NOW), "ek_abc.def-g_h.i"
    for line in (
        'GET /v1/realtime?model=m&token={} HTTP/1.1" 101',
        "GET /v1/realtime?Api_Key={}&model=m HTTP/1.1",
        "< authorization: Bearer {}",
        "< sec-websocket-protocol: realtime, openai-insecure-api-key.{}",
    ):
        for secret in (token, ek, "opaque-secret"):
            assert redacted(line.format(secret)) == line.format("[token]")
    assert redacted(f"{{'a': '{token}'}} {ek}, more") == "{'a': '[token]'} [token], more"
    plain = 'GET /v1/me/memories?after=3&kind=job "a week_end" 0x7f'
    assert redacted(plain) == plain


def principal(expires_at: float, user: str = "ann") -> Principal:
    return Principal(user, "user", "user", "t", NOW, expires_at)


def test_expiry_warns_once_and_closes_unless_it_is_renewed() -> None:
    expiry = Expiry(principal(NOW + 600))
    assert expiry.step(NOW) is None
    assert expiry.step(NOW + 539.9) is None
    assert [expiry.step(NOW + t) for t in (540, 541, 599.9)] == ["token_expiring", None, None]
    expiry.renew(principal(NOW + 900))
    assert expiry.step(NOW + 600) is None
    assert [expiry.step(NOW + t) for t in (841, 900, 901)] == ["token_expiring", "token_expired", "token_expired"]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (principal(NOW + 900, "bob"), "somebody else"),
        (principal(NOW + 600), "longer"),
        (principal(NOW + 1), "longer"),
    ],
)
def test_a_renewal_is_of_the_same_person_and_lasts_longer(other: Principal, why: str) -> None:
    expiry = Expiry(principal(NOW + 600))
    with pytest.raises(AuthenticationError, match=why):
        expiry.renew(other)
    assert expiry.principal == principal(NOW + 600)
