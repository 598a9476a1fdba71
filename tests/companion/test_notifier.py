"""Having a person's own contact told: a real HTTP server as the gateway, real records of SQLite."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from companion.llm.chat_model import FakeChatModel
from companion.notifier import SIGNATURE, Notifier
from companion.records.contacts import Contact
from companion.records.repository import Records
from companion.settings import Safety
from tests.companion.talk import Talk

Open = Callable[..., Any]
KEY = "gateway-key-of-a-test"
MOTHER = Contact("王芳", "+8613800138000", "wang@example.org")


class Gateway:
    """Answers with the given statuses in turn, the last one again and again; 0 hangs up without an answer."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.asked = list(statuses), list[tuple[dict[str, str], bytes]]()
        self.url = ""

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.asked.append((headers, await reader.readexactly(int(headers["content-length"]))))
        assert first.startswith("POST /told ")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status:
            writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Gateway]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told"
        async with server:
            yield self


async def with_contact(records: Records, contact: Contact | None = MOTHER) -> None:
    from companion.records.contacts import Contacts

    await records.ring.load("xiaoyu")
    if contact is not None:
        work = Contacts(records.store, records.ring).kept("xiaoyu", contact, 1.0)
        await records.store.transaction(work)


def notifier(t: Talk, **settings: Any) -> Notifier:
    return Notifier(Safety(**settings), t.engine.contacts, t.engine.records.ring, again_s=(0.01, 0.01, 0.01))


async def test_the_gateway_is_sent_the_contact_and_the_language_and_nothing_else(talk: Open) -> None:
    async with talk() as t, Gateway(204).open() as gateway:
        await with_contact(t.engine.records)
        assert await notifier(t, notify_url=gateway.url).contact("xiaoyu", "zh")
        ((headers, body),) = gateway.asked
        assert json.loads(body) == {
            "contact": {"name": "王芳", "phone": "+8613800138000", "email": "wang@example.org"},
            "language": "zh",
        }
        assert headers["content-type"] == "application/json" and SIGNATURE.lower() not in headers
        assert b"xiaoyu" not in body and "xiaoyu" not in str(headers)


async def test_what_is_sent_is_signed_so_that_the_gateway_can_check_it(talk: Open) -> None:
    async with talk() as t, Gateway(200).open() as gateway:
        await with_contact(t.engine.records)
        assert await notifier(t, notify_url=gateway.url, notify_key=KEY).contact("xiaoyu", "en")
        ((headers, body),) = gateway.asked
        right = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
        assert headers[SIGNATURE.lower()] == f"sha256={right}"
        other = hmac.new(b"another key", body, hashlib.sha256).hexdigest()
        assert headers[SIGNATURE.lower()] != f"sha256={other}" and KEY not in str(headers)


@pytest.mark.parametrize("failures", [(500,), (0,), (503, 0, 429)])
async def test_it_is_tried_again_until_the_gateway_takes_it(talk: Open, failures: tuple[int, ...]) -> None:
    async with talk() as t, Gateway(*failures, 200).open() as gateway:
        await with_contact(t.engine.records)
        assert await notifier(t, notify_url=gateway.url).contact("xiaoyu", "zh")
        assert len(gateway.asked) == len(failures) + 1
        assert len({body for _, body in gateway.asked}) == 1


async def test_a_gateway_that_never_takes_it_is_logged_without_names(
    talk: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with talk() as t, Gateway(500).open() as gateway:
        await with_contact(t.engine.records)
        with caplog.at_level(logging.ERROR, "companion.notifier"):
            assert not await notifier(t, notify_url=gateway.url, notify_key=KEY).contact("xiaoyu", "zh")
        assert len(gateway.asked) == 4
        assert "status 500" in caplog.text and "COMPANION_SAFETY__NOTIFY_URL" in caplog.text
        assert not any(secret in caplog.text for secret in ("王芳", "13800138000", "wang@", "xiaoyu", KEY))


async def test_a_gateway_that_is_not_there_is_a_failure_and_no_exception(
    talk: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with talk() as t:
        await with_contact(t.engine.records)
        gateway = Gateway(200)
        async with gateway.open():
            pass
        with caplog.at_level(logging.ERROR, "companion.notifier"):
            assert not await notifier(t, notify_url=gateway.url).contact("xiaoyu", "zh")
        assert "ConnectError" in caplog.text and "王芳" not in caplog.text


async def test_without_a_gateway_nobody_is_told(talk: Open) -> None:
    async with talk() as t:
        await with_contact(t.engine.records)
        unset = notifier(t)
        assert not unset.there and not await unset.contact("xiaoyu", "zh")


async def test_without_a_contact_on_file_the_gateway_is_not_asked(talk: Open) -> None:
    async with talk() as t, Gateway(200).open() as gateway:
        await with_contact(t.engine.records, None)
        assert not await notifier(t, notify_url=gateway.url).contact("xiaoyu", "zh")
        assert gateway.asked == []


async def agreed(t: Talk, yes: bool) -> None:
    consents = t.engine.consents
    version = consents.version("emergency_contact")
    work = consents.recorded("xiaoyu", "emergency_contact", yes, version=version, language="zh", by="test", now=1.0)
    await t.engine.records.store.transaction(work)
    consents.forget("xiaoyu")


@pytest.mark.parametrize("yes", [True, False])
async def test_in_a_whole_talk_the_contact_is_told_once_without_a_word_of_it(
    talk: Open, tmp_path: Path, yes: bool
) -> None:
    async with Gateway(200).open() as gateway:
        safety = Safety(region="CN", notify_url=gateway.url, notify_key=KEY)
        async with talk(chat=FakeChatModel("嗯。"), safety=safety) as t:
            await agreed(t, True)
            await with_contact(t.engine.records)
            await agreed(t, yes)
            await t.say("我今晚就跳楼，药藏在钢琴后面，遗书写好了")
            await t.say("我真的要走了，绳子也准备好了")
        assert len(gateway.asked) == (1 if yes else 0)
        for _, body in gateway.asked:
            said = body.decode()
            assert not any(word in said for word in ("跳楼", "钢琴", "遗书", "绳子", "level", "suicide", "risk"))
            assert set(json.loads(said)) == {"contact", "language"}
