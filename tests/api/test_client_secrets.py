"""Client secrets, revocations and origins, over a real server."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.auth import allowed_origin, issue
from api.cli import companion
from api.realtime.protocol import SessionFields
from companion.settings import Auth

Serve = Callable[..., Any]
SECRET = "a secret of the tests, long enough for HS256"


@asynccontextmanager
async def posting(served: Any, token: str | None) -> AsyncIterator[Callable[..., Any]]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers) as http:

        async def post(body: Any = None, **more: Any) -> httpx.Response:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            return await http.post("/v1/realtime/client_secrets", content=content, **more)

        yield post


async def first(served: Any, query: str = "", **how: Any) -> dict[str, Any]:
    """The first event on a socket; for an error, with the code the socket is closed with."""
    async with connect("ws" + served.url.removeprefix("http") + "/v1/realtime" + query, **how) as socket:
        event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if event["type"] == "error":
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 10)
            event["closed"] = socket.close_code
        return event


def header(token: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


def browser(token: str, origin: str) -> dict[str, Any]:
    return {"subprotocols": ["realtime", f"openai-insecure-api-key.{token}"], "origin": origin}


async def test_a_secret_goes_from_the_sdk_to_a_browser_and_opens_sessions(serve: Serve) -> None:
    session = {"type": "realtime", "instructions": "慢一点", "max_output_tokens": 60, "companion": {"language": "zh"}}
    async with serve() as served:
        now = time.time()
        async with AsyncOpenAI(api_key=served.token(), base_url=f"{served.url}/v1", max_retries=0) as client:
            made = await client.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 30},
                session=session,  # type: ignore[arg-type]
            )
        assert made.value.startswith("ek_") and now + 29 <= made.expires_at <= time.time() + 30
        assert (made.session.type, made.session.instructions) == ("realtime", "慢一点")  # type: ignore[union-attr]
        assert made.session.id.startswith("sess_")  # type: ignore[union-attr]
        for _ in range(2):  # as often as one likes, until it expires
            event = await first(served, **browser(made.value, served.url))
            assert event["type"] == "session.created"
        async with posting(served, served.token()) as post:  # as much as it may carry, in a header of its own
            heavy = (await post({"session": {"instructions": "慢" * 1350}})).json()["value"]
            assert len(heavy) < 6500
            assert (await first(served, **browser(heavy, served.url)))["type"] == "session.created"
        who = served.auth.verify(made.value, time.time())
        fields = msgspec.convert(who.session, SessionFields)
        assert (who.user_id, fields.instructions, fields.max_output_tokens) == ("xiaoyu", "慢一点", 60)
        assert made.expires_at < now + 50 < who.expires_at  # what it opens lasts as long as the user's token


async def test_a_secret_opens_sessions_and_nothing_else(serve: Serve) -> None:
    async with serve() as served, posting(served, served.token()) as post:
        made = await post()
        assert made.status_code == 200 and made.headers["cache-control"] == "no-store"
        ek = made.json()["value"]
        async with posting(served, ek) as again:
            refused = await again({})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
        async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {ek}"}) as http:
            assert (await http.get("/v1/me/memories")).status_code == 401
            erase = await http.delete("/v1/me", headers={"Confirm-Erase": "yes"})
            assert erase.status_code == 401 and "only opens sessions" in erase.text


async def test_a_secret_never_outlives_the_token_it_was_made_with(serve: Serve) -> None:
    async with serve() as served, posting(served, served.token(ttl_s=12)) as post:
        made = await post({"expires_after": {"seconds": 7200}})
        assert made.json()["expires_at"] <= time.time() + 12 + served.engine.settings.auth.leeway_s


async def test_an_operator_mints_for_others_and_nobody_else_does(serve: Serve) -> None:
    async with serve() as served:
        operator = issue(SECRET, "backend", 60, time.time(), role="operator")
        async with posting(served, operator) as post:
            made = await post({"companion": {"user": "auth0|小雨"}})
            who = served.auth.verify(made.json()["value"], time.time())
            assert (who.user_id, who.role, who.minted_by and who.minted_by[0]) == ("auth0|小雨", "user", "backend")
            assert (await post({"companion": {"user": "a b"}})).status_code == 400
        async with posting(served, served.token()) as post:
            assert (await post({"companion": {"user": "xiaoyu"}})).status_code == 200
            refused = await post({"companion": {"user": "another"}})
            assert refused.status_code == 403 and "another" not in refused.text


BODIES: tuple[tuple[Any, str], ...] = (
    ({"expires_after": {"anchor": "created_at", "seconds": 9}}, "invalid_request"),
    ({"expires_after": {"anchor": "created_at", "seconds": 7201}}, "invalid_request"),
    ({"expires_after": {"anchor": "tomorrow", "seconds": 60}}, "invalid_request"),
    ({"session": {"type": "transcription"}}, "invalid_request"),
    ({"session": {"max_output_tokens": "我很难过"}}, "invalid_request"),
    ({"session": {"instructions": "我很难过" * 400}}, "session_too_large"),
    ({"session": {"companion": {"persona": "nobody"}}}, "unknown_persona"),
    ([], "invalid_request"),
    (b"{", "invalid_json"),
    (b"\xff", "invalid_json"),
    (b'{"x":' + b"[" * 15_000, "invalid_json"),
)


async def test_bodies_that_do_not_fit_are_told_why(serve: Serve) -> None:
    async with serve() as served, posting(served, served.token()) as post:
        for body, code in BODIES:
            answer = await post(body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), body
            assert "我很难过" not in answer.text
        assert (await post(b" " * 20_000)).status_code == 413
        async with posting(served, None) as nobody:
            refused = await nobody({})
        assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["code"] == "invalid_token"


async def test_revoked_by_the_command_while_the_server_runs(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COMPANION_AUTH__SECRET", SECRET)

    async def command(*arguments: str, stdin: str | None = None) -> None:
        run = CliRunner().invoke
        result = await asyncio.to_thread(run, companion, ["token", *arguments], input=stdin, catch_exceptions=False)
        assert result.output == "revoked\n"

    async with serve() as served:
        lost, kept, other = served.token(), served.token(), served.token("other")
        async with posting(served, lost) as post:
            ek = (await post()).json()["value"]
        sessions = [served.auth.verify(token, time.time()) for token in (lost, kept, ek, other)]
        await command("--revoke", "-", stdin=lost + "\n")
        await served.auth.revocations.refresh()  # as the server does by itself, every 2 s
        # The token, and the secret that was made with it; the person's other token goes on.
        assert [served.auth.revoked(who, time.time()) for who in sessions] == [True, False, True, False]
        for token in (lost, ek):
            event = await first(served, **header(token))
            assert (event["type"], event["closed"]) == ("error", 1008) and "revoked" in event["error"]["message"]
        async with posting(served, lost) as post:
            assert (await post()).status_code == 401
        assert (await first(served, **header(kept)))["type"] == "session.created"
        await command("--revoke-user", "xiaoyu")
        await served.auth.revocations.refresh()
        assert [served.auth.revoked(who, time.time()) for who in sessions] == [True, True, True, False]
        async with posting(served, kept) as post:
            assert (await post()).status_code == 401
        assert (await first(served, **header(served.token())))["type"] == "session.created"  # signed in again
        assert (await first(served, **header(other)))["type"] == "session.created"


async def test_the_server_learns_of_a_revocation_by_itself(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.auth.authenticator._REFRESH_S", 0.02)
    async with serve() as served:
        who = served.auth.verify(served.token(), time.time())
        elsewhere = type(served.auth.revocations)(served.engine.records.store, served.engine.records.ring.receipt_key)
        await elsewhere.revoke_user("xiaoyu", time.time(), time.time() + 600)
        async with asyncio.timeout(5):
            while not served.auth.revoked(who, time.time()):
                await asyncio.sleep(0.01)


async def test_pages_of_ours_and_of_listed_origins_may_connect_and_no_others(serve: Serve) -> None:
    auth = Auth(secret=SecretStr(SECRET), origins=["https://app.example"])
    async with serve(settings={"auth": auth}) as served:
        token = served.token()
        for origin in (served.url, "https://app.example"):
            assert (await first(served, **browser(token, origin)))["type"] == "session.created"
        for origin in ("https://evil.example", "null"):
            event = await first(served, **browser(token, origin))
            assert event["closed"] == 1008 and "COMPANION_AUTH__ORIGINS" in event["error"]["message"]
        how = {"subprotocols": ["realtime", f"openai-insecure-api-key.{token}"]}  # Node and Deno send no Origin
        assert (await first(served, **how))["type"] == "session.created"


async def test_no_token_reaches_a_log_even_when_everything_is_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serve() as served:
        names = ("uvicorn.access", "uvicorn.error")
        loggers = [logging.getLogger(name) for name in names]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.addHandler(caplog.handler)
            logger.setLevel(logging.DEBUG)
        try:
            token = served.token()
            async with posting(served, token) as post:
                ek = (await post(params={"model": "m"})).json()["value"]
                refused = await post(params={"token": token})
                assert refused.status_code == 401 and "Authorization: Bearer" in refused.text
            logging.getLogger("websockets.client").setLevel(logging.WARNING)  # ours, not the server's
            event = await first(served, query=f"?api_key={ek}", **header(token))
            assert event["closed"] == 1008 and "Authorization: Bearer" in event["error"]["message"]
            assert (await first(served, **browser(ek, served.url)))["type"] == "session.created"
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(caplog.handler)
                logger.setLevel(level)
            logging.getLogger("websockets.client").setLevel(logging.NOTSET)
    lines = [logging.Formatter().format(record) for record in caplog.records]
    assert any("client_secrets?token=[token]" in line for line in lines)
    assert any("/v1/realtime?api_key=[token]" in line for line in lines)
    for secret in (token, ek, token.split(".")[2], ek.split(".")[2]):
        assert [line for line in lines if secret in line] == []


HOSTS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,5}){1,2}", fullmatch=True) | st.just("[::1]")
PORTS = st.integers(1, 65535)


@given(HOSTS, st.none() | PORTS, st.sampled_from(["http", "https"]))
def test_a_page_of_ours_passes_whatever_the_proxy(host: str, port: int | None, scheme: str) -> None:
    told = host if port is None else f"{host}:{port}"
    assert allowed_origin(f"{scheme}://{told}", told, [])
    assert allowed_origin(f"{scheme}://{told}".upper(), told, [])
    if port is None:
        default = {"http": 80, "https": 443}[scheme]
        assert allowed_origin(f"{scheme}://{host}", f"{host}:{default}", [])
        assert allowed_origin(f"{scheme}://{host}:{default}", host, [])
        assert not allowed_origin(f"{scheme}://{host}:8443", host, [])


@given(HOSTS, HOSTS, PORTS, PORTS, st.sampled_from(["http", "https", "capacitor", "ftp"]))
def test_another_host_or_port_never_passes_unless_it_is_listed(
    host: str, page: str, port: int, page_port: int, scheme: str
) -> None:
    origin, ours = f"{scheme}://{page}:{page_port}", f"{host}:{port}"
    same = (host, port) == (page, page_port) and scheme in ("http", "https")
    assert allowed_origin(origin, ours, []) == same
    assert allowed_origin(origin, ours, [origin + "/"])
    assert not allowed_origin(f"{scheme}://{page}.evil.example:{page_port}", ours, [origin])
    assert not allowed_origin(f"{scheme}://evil{page}:{page_port}", ours, [origin])


@given(
    st.text(max_size=40)
    | st.sampled_from(["null", "*", "https://", "https://a b", "https://u@h.example", "//h.example"])
)
def test_what_is_no_origin_never_passes(origin: str) -> None:
    if "://" not in origin or "@" in origin:
        assert not allowed_origin(origin, origin, [origin, "*", "null"])
    assert allowed_origin(None, "h.example", [])
