"""What is remembered, as its person meets it: in the talk, over the socket, and over HTTP."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.realtime.client import RealtimeClient
from companion.llm.chat_model import FakeChatModel
from companion.speech.recognizer import FakeRecognizer
from tests.api.test_realtime import voice

Serve = Callable[..., Any]


async def says(client: RealtimeClient, text: str) -> list[dict[str, Any]]:
    """All events of one typed turn, up to what was learnt from it."""
    await client.type(text)
    events = [event async for event in client.turn(20)]
    async with asyncio.timeout(20):
        await client.send({"type": "companion.memory.list"})
        while events[-1]["type"] != "companion.memories":
            events.append(await client.event())
    return events


async def known(client: RealtimeClient) -> list[str]:
    await client.send({"type": "companion.memory.list"})
    async with asyncio.timeout(20):
        while (event := await client.event())["type"] != "companion.memories":
            pass
    return [m["text"] for m in event["memories"] if m["valid_to"] is None]


async def saved(client: RealtimeClient, *wanted: str) -> None:
    """Until the memories hold all of `wanted`: learning comes after the reply."""
    async with asyncio.timeout(20):
        while True:
            texts = await known(client)
            if all(any(word in text for text in texts) for word in wanted):
                return
            await asyncio.sleep(0.02)


async def refusal(client: RealtimeClient) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (event := await client.event())["type"] != "error":
            pass
    return event["error"]  # type: ignore[no-any-return]


async def test_what_was_learnt_is_listed_recalled_with_its_reason_and_forgotten_for_good(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await says(client, "我的猫叫团子。我下周三要面试")
        await saved(client, "团子", "面试")
        events = await says(client, "面试我该穿什么")
        (used,) = [e["used"] for e in events if e["type"] == "companion.memory" and e["used"]]
        recalled = next(m for m in used if "面试" in m["text"])
        assert 0 < recalled["score"] <= 1 and recalled["current"] and sum(recalled["why"].values()) > 0
        await client.send({"type": "companion.memory.forget", "ids": [recalled["id"]]})
        async with asyncio.timeout(20):
            while not (event := await client.event()).get("forgotten"):
                pass
        assert event["forgotten"] == [recalled["id"]]
        left = await known(client)
        assert any("团子" in text for text in left) and not any("下周三" in text for text in left)
        await client.send({"type": "companion.memory.forget", "ids": [recalled["id"]]})
        assert (await refusal(client))["code"] == "not_found"


async def test_forget_that_said_in_the_talk_forgets_it_and_says_so(serve: Serve) -> None:
    chat = FakeChatModel("好，我不记了。")
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await says(client, "我的猫叫团子")
        await saved(client, "团子")
        await says(client, "我前男友在深圳上班")
        await saved(client, "前男友")
        events = await says(client, "忘掉刚才说的吧")
        assert [e for e in events if e["type"] == "companion.memory" and e["forgotten"]]
        left = await known(client)
        assert any("团子" in text for text in left) and not any("前男友" in text for text in left)
        said = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
        assert "忘" in said and len(chat.seen) == 2  # the memory answers, no model is asked
        await says(client, "把我猫的事也忘了吧")
        assert await known(client) == []
        await says(client, "今天天气不错")
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        assert await known(client) == []  # in the next session too


async def test_a_like_is_kept_with_the_strategy_and_a_stranger_cannot_rate(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        events = await says(client, "我今天特别开心，升职了")
        response_id = next(e["response"]["id"] for e in events if e["type"] == "response.done")
        await client.send({"type": "companion.feedback", "response_id": response_id, "rating": "like"})
        await known(client)  # it has been handled by then
        liked = await server.engine.records.liked("xiaoyu")
        assert len(liked) == 1 and 0 < next(iter(liked.values())) < 1
        async with RealtimeClient.connect(server.url, server.token("somebody")) as other:
            await other.send({"type": "companion.feedback", "response_id": response_id, "rating": "dislike"})
            assert (await refusal(other))["code"] == "not_found"
        assert await server.engine.records.liked("xiaoyu") == liked


async def test_names_of_the_profile_are_told_to_the_recogniser_in_the_next_session(serve: Serve) -> None:
    ears = FakeRecognizer("团子今天特别乖")
    async with serve(recognizer=ears) as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await says(client, "我的猫叫团子")
            await saved(client, "团子")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await client.speak(voice(), paced=False)
            assert [event async for event in client.turn(20)]
    assert "团子" in ears.hotwords[-1]


async def test_the_persona_is_the_clients_choice_among_those_there_are(serve: Serve) -> None:
    chat = FakeChatModel()
    async with (
        serve(chat=chat) as server,
        RealtimeClient.connect(server.url, server.token(), persona="quiet_listener") as client,
    ):
        await says(client, "你好")
        first = chat.seen[-1][0].content
        await client.send({"type": "session.update", "session": {"companion": {"persona": "nobody"}}})
        assert (await refusal(client))["param"] == "session.companion.persona"
        await client.send({"type": "session.update", "session": {"companion": {"persona": "student_coach"}}})
        await says(client, "你好")
        assert chat.seen[-1][0].content != first


async def test_over_http_they_read_correct_and_delete_their_own_and_nobody_elses(serve: Serve) -> None:
    async with serve() as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await says(client, "我叫小雨，我的猫叫团子")
            await saved(client, "小雨", "团子")

        def me(user: str) -> httpx.AsyncClient:
            header = {"Authorization": f"Bearer {server.token(user)}"}
            return httpx.AsyncClient(base_url=server.url + "/v1/me", headers=header)

        async with me("xiaoyu") as mine, me("stranger") as theirs:
            got = (await mine.get("/memories")).json()
            by_text = {m["text"]: m["id"] for m in got["memories"]}
            cat = next(i for text, i in by_text.items() if "团子" in text)
            assert {cat} == set(got["profile"]["pets"]) and "address" in got["profile"]
            assert (await theirs.get("/memories")).json()["memories"] == []
            for answer in (
                await theirs.patch(f"/memories/{cat}", json={"text": "我的猫叫别的"}),
                await theirs.delete(f"/memories/{cat}"),
            ):
                assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"
            corrected = (await mine.patch(f"/memories/{cat}", json={"text": "我的猫叫圆子"})).json()
            assert (corrected["text"], corrected["source"], corrected["confidence"]) == ("我的猫叫圆子", "person", 1.0)
            history = {m["id"]: m for m in (await mine.get("/memories")).json()["memories"]}
            assert history[cat]["superseded_by"] == corrected["id"] and history[cat]["valid_to"] is not None
            assert (await mine.delete(f"/memories/{cat}")).status_code == 204
            assert cat not in {m["id"] for m in (await mine.get("/memories")).json()["memories"]}
            assert (await mine.delete(f"/memories/{cat}")).status_code == 404
        async with httpx.AsyncClient(base_url=server.url + "/v1/me") as nobody:
            refused = await nobody.get("/memories")
            assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"


async def test_a_person_erases_themselves_with_one_call_while_the_server_runs(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server:
        async with RealtimeClient.connect(server.url, server.token("rare-person-id")) as client:
            await says(client, "我的猫叫团子")
            await saved(client, "团子")
        header = {"Authorization": f"Bearer {server.token('rare-person-id')}"}
        async with httpx.AsyncClient(base_url=server.url, headers=header) as me:
            assert (await me.delete("/v1/me")).status_code == 400
            receipt = (await me.delete("/v1/me", headers={"Confirm-Erase": "yes"})).json()
            assert receipt["counts"]["turns"] == 1 and receipt["counts"]["memories"] >= 1
            erased_again = await me.delete("/v1/me", headers={"Confirm-Erase": "yes"})
            assert erased_again.status_code == 401  # the token went with them
        assert [p for p in tmp_path.rglob("*") if p.is_file() and b"rare-person-id" in p.read_bytes()] == []
        async with RealtimeClient.connect(server.url, server.token("rare-person-id")) as client:
            assert await known(client) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"text": ""}', b'{"text": " "}', b'{"text": 5}', b'{"t": "secret"}']
)
async def test_a_correction_that_does_not_fit_is_refused_without_quoting_it(serve: Serve, body: bytes) -> None:
    async with serve() as server:
        header = {"Authorization": f"Bearer {server.token()}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=server.url, headers=header) as client:
            answer = await client.patch("/v1/me/memories/mem_1", content=body)
    assert answer.status_code == 400 and "secret" not in answer.text and "text" in answer.json()["error"]["message"]


async def test_who_asks_what_is_known_is_told_what_holds_now_and_nothing_else(serve: Serve) -> None:
    chat = FakeChatModel()
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await says(client, "我叫小雨，我住在杭州")
        await saved(client, "小雨", "杭州")
        await says(client, "我搬到成都了")
        await saved(client, "成都")
        events = await says(client, "你都记得我什么")
        said = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
        assert "小雨" in said and "成都" in said and "杭州" not in said and len(chat.seen) == 2
