from __future__ import annotations

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from api.auth import Principal, bearer, issue, signing_secret, verify
from companion.errors import AuthenticationError, ConfigurationError
from companion.settings import Settings

SECRET = "s" * 32
NOW = 1_800_000_000.0


def test_a_token_speaks_for_its_user_until_it_expires() -> None:
    token = issue(SECRET, "ann", 60, NOW, role="counsellor")
    assert verify(SECRET, token, NOW + 59) == Principal("ann", "counsellor")
    with pytest.raises(AuthenticationError, match="expired 0 s ago"):
        verify(SECRET, token, NOW + 60)


def test_another_secret_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="not signed by this server"):
        verify("t" * 32, issue(SECRET, "ann", 60, NOW), NOW)


def test_alg_none_is_refused_with_and_without_a_signature() -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": "companion", "sub": "ann", "role": "user", "exp": NOW + 60}
    head = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}"
    for token in (f"{head}.", f"{head}.{part('x')}", jwt.encode(claims, "", algorithm="none")):
        with pytest.raises(AuthenticationError, match="not signed by this server"):
            verify(SECRET, token, NOW)


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token: str | None) -> None:
    with pytest.raises(AuthenticationError, match="no token"):
        verify(SECRET, token, NOW)


@pytest.mark.parametrize("token", ["x", "a.b.c", "...", "\ud800", "我.我.我", "e30.e30.e30"])
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        verify(SECRET, token, NOW)
    assert token not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "ann"},
        {"exp": NOW + 60},
        {"sub": "ann", "exp": NOW + 60, "iss": "other"},
        {"sub": "ann", "exp": NOW + 60, "role": "root"},
        {"sub": "a/../b", "exp": NOW + 60},
        {"sub": "ann", "exp": "soon"},
        {"sub": ["ann"], "exp": NOW + 60},
    ],
)
def test_signed_by_us_but_not_a_token_of_ours(claims: dict[str, object]) -> None:
    with pytest.raises(AuthenticationError):
        verify(SECRET, jwt.encode({"iss": "companion", **claims}, SECRET, algorithm="HS256"), NOW)


@pytest.mark.parametrize(
    ("user", "ttl", "role"), [("", 1, "user"), ("a b", 1, "user"), ("a", 0, "user"), ("a", 1, "x")]
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
    assert bearer(headers, subprotocols) == token
