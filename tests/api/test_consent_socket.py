"""Yes and no in the middle of a talk: what is not agreed to does not happen from the next use on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from api.realtime.asyncapi import json_schema
from api.realtime.client import RealtimeClient
from companion.consent.purposes import PURPOSES
from companion.llm.chat_model import FakeChatModel
from companion.records import consents
from companion.settings import Consent
from companion.speech.recognizer import FakeRecognizer
from tests.api.test_memory import known, refusal, saved, says
from tests.api.test_realtime import one_turn, until, voice

Serve = Callable[..., Any]


async def asked(client: RealtimeClient, **event: Any) -> dict[str, Any]:
    """The standing after a list, or after a decision. Every one fits the published schema."""
    kind = "companion.consent.set" if "purpose" in event else "companion.consent.list"
    await client.send({"type": kind, **event})
    told = await until(client, "companion.consent")
    jsonschema.validate(told, json_schema() | {"anyOf": [{"$ref": "#/$defs/companion.consent"}]})
    return {**told, "of": {each["purpose"]: each for each in told["purposes"]}}


async def test_all_purposes_are_listed_with_their_texts_in_the_language_that_is_asked_for(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        chinese, english = await asked(client), await asked(client, language="en")
        assert tuple(chinese["of"]) == tuple(english["of"]) == PURPOSES
        assert chinese["of"]["memory"]["text"]["title"] == "记住你说过的事"
        assert english["of"]["memory"]["text"]["title"] == "Remembering what you told"
        assert {p for p, each in chinese["of"].items() if each["allowed"]} == {"chat", "voice_analysis", "memory"}
        assert all(each["given"] is None for each in chinese["of"].values()) and chinese["guardian"] is None
        versions = {p: each["version"] for p, each in chinese["of"].items()}
        assert versions == {p: each["version"] for p, each in english["of"].items()}
        said = await asked(client, purpose="training", given=True, version=versions["training"])
        assert said["of"]["training"]["given"] and not said["of"]["research"]["allowed"]
        said = await asked(client, purpose="training", given=False)
        assert said["of"]["training"]["given"] is False
        (yes, no) = await server.engine.consents.history("xiaoyu")
        assert (yes.given, yes.by, no.given) == (True, "socket", False)


async def test_an_old_text_and_a_purpose_that_is_none_are_refused_with_what_to_do(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        said = {"type": "companion.consent.set", "purpose": "research", "given": True, "event_id": "mine"}
        for version in ("2020-01-01.aaaaaaaaaaaa", None):
            await client.send({**said, "version": version})
            error = await refusal(client)
            assert (error["code"], error["event_id"]) == ("consent_outdated", "mine")
            assert server.engine.consents.version("research") in error["message"]
        await client.send({**said, "purpose": "marketing"})
        assert (await refusal(client))["code"] == "unknown_purpose"
        await client.send({**said, "given": "perhaps"})
        assert (await refusal(client))["code"] == "invalid_event"
        assert await server.engine.consents.history("xiaoyu") == []


async def test_without_memory_nothing_is_recalled_or_learnt_and_what_is_there_may_be_forgotten(serve: Serve) -> None:
    chat, ears = FakeChatModel(), FakeRecognizer("团子今天特别乖")
    async with serve(chat=chat, recognizer=ears) as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await says(client, "我的猫叫团子。我下周三要面试")
            await saved(client, "团子", "面试")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await says(client, "面试我该穿什么")
            assert "团子" in str(chat.seen[-1])
            told = await asked(client, purpose="memory", given=False)
            assert told["memories_left"] >= 2 and not told["of"]["memory"]["allowed"]
            events = await says(client, "我妈妈叫王芳，我在杭州上班")
            events += await says(client, "面试那天下雨怎么办")
            assert not [e for e in events if e["type"] == "companion.memory" and (e["used"] or e["saved"])]
            assert all("团子" not in message.content for message in chat.seen[-1])
            await client.speak(voice(), paced=False)
            await one_turn(client)
            assert "团子" not in ears.hotwords[-1]
            assert await server.engine.learner.outbox.waiting("xiaoyu") == []
            texts = await known(client)
            assert not any("王芳" in text or "杭州" in text for text in texts) and any("团子" in text for text in texts)
        headers = {"Authorization": f"Bearer {server.token()}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            unsure = await http.delete("/v1/me/memories")
            assert (unsure.status_code, unsure.json()["error"]["code"]) == (400, "not_confirmed")
            gone = await http.delete("/v1/me/memories", headers={"Confirm-Erase": "yes"})
            assert gone.json() == {"forgotten": told["memories_left"]}
            assert (await http.get("/v1/me/memories")).json()["memories"] == []
        await server.agreed("memory")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await says(client, "我的狗叫豆豆")
            await saved(client, "豆豆")  # and from here on again


async def test_without_voice_analysis_the_words_are_read_and_the_voice_is_not(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:

        async def spoken() -> list[dict[str, Any]]:
            await client.speak(voice(), paced=False)
            return await one_turn(client)

        async def on_record(count: int) -> Any:
            async with asyncio.timeout(15):
                while len(turns := await server.engine.records.turns(session_id)) < count or turns[-1].affect is None:
                    await asyncio.sleep(0.02)
            return turns[-1]

        session_id = (await until(client, "companion.session"))["session_id"]
        assert any(e["voice"] for e in await spoken() if e["type"] == "companion.affect")
        assert (await on_record(1)).affect["voice"] is not None
        assert await server.engine.records.baseline("xiaoyu")
        await asked(client, purpose="voice_analysis", given=False)
        assert await server.engine.records.baseline("xiaoyu") == {}
        events = await spoken()
        read = [e for e in events if e["type"] == "companion.affect"]
        assert read and all(e["voice"] is None and e["words"] is not None for e in read)
        assert [e for e in events if e["type"].endswith("input_audio_transcription.completed")]
        turn = await on_record(2)
        assert turn.affect["voice"] is None and turn.user_text == "我今天特别开心"
        assert await server.engine.records.baseline("xiaoyu") == {}


async def test_where_talking_must_be_agreed_to_nothing_is_kept_before(serve: Serve, tmp_path: Path) -> None:
    ears = FakeRecognizer("我今天特别开心")
    async with (
        serve(recognizer=ears, settings={"consent": Consent(required=["chat"])}) as server,
        RealtimeClient.connect(server.url, server.token()) as client,
    ):
        session_id = (await until(client, "companion.session"))["session_id"]
        await client.type("你好")
        error = await refusal(client)
        assert error["code"] == "consent_needed" and "companion.consent.set" in error["message"]
        await client.speak(voice(), paced=False)
        assert (await refusal(client))["code"] == "consent_needed"
        assert await server.engine.records.turns(session_id) == [] and ears.hotwords == []
        assert not [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]
        version = (await asked(client))["of"]["chat"]["version"]
        await asked(client, purpose="chat", given=True, version=version)
        events = await says(client, "你好")
        assert [e for e in events if e["type"] == "response.output_text.delta"]
        await asked(client, purpose="chat", given=False)
        await client.type("还在吗")
        assert (await refusal(client))["code"] == "consent_needed"
        assert len(await server.engine.records.turns(session_id)) == 1


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_a_no_over_http_reaches_a_talk_that_goes_on(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr(consents, "BELIEVED_S", 0.0 if elsewhere else 3600.0)
    async with (
        serve() as first,
        serve(chroma="other") as second,
        RealtimeClient.connect(first.url, first.token()) as client,
    ):
        await says(client, "我的猫叫团子")
        await saved(client, "团子")
        events = await says(client, "我的猫今天怎么样")
        assert [e for e in events if e["type"] == "companion.memory" and e["used"]]
        server = second if elsewhere else first
        headers = {"Authorization": f"Bearer {server.token()}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as http:
            answer = await http.put("/v1/me/consents/memory", json={"given": False})
        assert answer.status_code == 200 and answer.json()["memories_left"] >= 1
        events = await says(client, "我的猫今天怎么样")
        assert not [e for e in events if e["type"] == "companion.memory" and e["used"]]
