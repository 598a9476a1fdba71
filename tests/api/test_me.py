"""What is theirs, over HTTP: consents, a guardian's too, the contact, talks, the archive, complaints."""

import io
import json
import re
import time
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from api.auth import issue
from api.auth.tokens import verify
from api.cli import companion
from api.me.routes import me
from api.realtime.client import RealtimeClient
from companion.archive.document import LEFT_OUT, TOLD
from companion.archive.kept import kept_of
from companion.archive.writing import archive
from companion.records.caseload import BreakGlassRow
from companion.records.erasure import files_with
from companion.records.staff import StaffRow
from tests.api.conftest import SECRET, Served
from tests.api.test_memory import saved, says
from tests.api.test_realtime import one_turn, until, voice

Serve = Callable[..., Any]
HOSTILE = "</div><script>alert(1)</script>\x00\u202eabc & <img src=x onerror=alert(2)>"


@asynccontextmanager
async def http(server: Served, user: str = "xiaoyu", **claims: Any) -> AsyncIterator[httpx.AsyncClient]:
    token = issue(SECRET, user, 60.0, time.time(), **claims)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        yield client


def code(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"type", "code", "message", "param"} and error["message"]
    return answer.status_code, error["code"]


def routes() -> Iterator[tuple[str, str]]:
    for route in me.routes:
        path = re.sub(r"\{[^}]*\}", "memory", route.path)
        for method in sorted(route.methods - {"HEAD", "OPTIONS"}):  # type: ignore[union-attr]
            yield str(method), path


async def test_every_route_takes_the_token_of_a_user(serve: Serve) -> None:
    async with serve() as server, httpx.AsyncClient(base_url=server.url) as client:
        asked = list(routes())
        assert len(asked) >= 18
        who = server.auth.verify(server.token(), time.time())
        secret, _ = server.auth.client_secret(who, time.time())
        for method, path in asked:
            body = {"json": {}} if method in ("PUT", "POST", "PATCH") else {}
            for headers in ({}, {"Authorization": f"Bearer {secret}"}):
                answer = await client.request(method, path, headers=headers, **body)
                assert answer.status_code in (400, 401), (method, path, answer.text)
                assert answer.status_code == 401 or method in ("PUT", "POST", "PATCH")  # a body that does not fit
                assert answer.headers.get("cache-control") == "no-store"


async def test_consents_are_read_given_and_taken_back_and_all_of_it_is_kept(serve: Serve) -> None:
    async with serve() as server, http(server) as client:
        listed = (await client.get("/v1/me/consents?language=en")).json()
        assert len(listed["consents"]) == 8 and listed["history"] == [] and listed["guardian"] is None
        (research,) = [each for each in listed["consents"] if each["purpose"] == "research"]
        assert research["given"] is None and not research["allowed"] and "holders" in research["text"]["withdraw"]
        yes = {"given": True, "version": research["version"], "language": "en"}
        assert code(await client.put("/v1/me/consents/research", json={"given": True})) == (409, "consent_outdated")
        assert code(await client.put("/v1/me/consents/marketing", json=yes)) == (404, "not_found")
        unfit = await client.put("/v1/me/consents/research", json={"given": "我不知道"})
        assert (
            code(unfit) == (400, "invalid_request")
            and "我不知道" not in unfit.text
            and '{"given"' in unfit.json()["error"]["message"]
        )
        assert (await client.put("/v1/me/consents/research", json=yes)).json()["consent"]["allowed"]
        assert (await client.get("/v1/me/consents/research")).json()["given"] is True
        assert not (await client.get("/v1/me/consents/training")).json()["allowed"]
        assert (await client.put("/v1/me/consents/research", json={"given": False})).json()["consent"]["given"] is False
        history = (await client.get("/v1/me/consents")).json()["history"]
        assert [(each["given"], each["by"], each["language"]) for each in history] == [
            (True, "person", "en"),
            (False, "person", "zh"),
        ]
        async with http(server, "somebody") as other:
            assert (await other.get("/v1/me/consents")).json()["history"] == []


async def test_a_guardian_agrees_for_a_child_and_only_for_theirs(serve: Serve) -> None:
    async with serve() as server:

        async def child(user_id: str) -> bool | None:
            return user_id == "kid"

        server.engine.consents.child = child
        version = server.engine.consents.version("memory")
        yes = {"given": True, "version": version}
        async with http(server, "kid") as client, http(server, "mum", guardian_of=["kid"]) as mum:
            own = await client.put("/v1/me/consents/memory", json=yes)
            assert code(own) == (403, "guardian_needed")
            listed = (await client.get("/v1/me/consents")).json()
            assert "14" in listed["guardian"] and not any(each["allowed"] for each in listed["consents"])
            assert code(await mum.put("/v1/me/wards/xiaoyu/consents/memory", json=yes)) == (404, "not_found")
            assert code(await client.put("/v1/me/wards/xiaoyu/consents/memory", json=yes)) == (404, "not_found")
            assert (await mum.put("/v1/me/wards/kid/consents/memory", json=yes)).json()["consent"]["allowed"]
            assert (await client.get("/v1/me/consents/memory")).json()["given"] is True
            seen = (await mum.get("/v1/me/wards/kid/consents")).json()["history"]
            assert [each["by"] for each in seen] == ["guardian"]
            assert (await client.put("/v1/me/consents/memory", json={"given": False})).status_code == 200
            assert (await client.get("/v1/me/consents/memory")).json()["allowed"] is False
        async with RealtimeClient.connect(server.url, server.token("kid")) as client:
            await client.type("你好")
            while (event := await client.event())["type"] != "error":
                pass
            assert event["error"]["code"] == "consent_needed" and "guardian" in event["error"]["message"]


async def test_the_contact_takes_a_consent_is_shown_masked_and_goes_with_it(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, http(server) as client:
        contact = {"name": "王小梅", "phone": "138 0013 5678", "email": "mei@example.com"}
        assert code(await client.put("/v1/me/contacts/emergency", json=contact)) == (403, "consent_needed")
        await server.agreed("emergency_contact")
        refused = await client.put("/v1/me/contacts/emergency", json={"name": "王小梅", "phone": "打给她"})
        assert code(refused) == (400, "invalid_contact") and "打给她" not in refused.text
        masked = {"name": "王**", "phone": "*******5678", "email": "m***@example.com"}
        assert (await client.put("/v1/me/contacts/emergency", json=contact)).json() == {"emergency": masked}
        assert (await client.get("/v1/me/contacts")).json() == {"emergency": masked}
        assert files_with(tmp_path, [b"13800135678", "王小梅".encode()]) == []
        async with http(server, "somebody") as other:
            assert (await other.get("/v1/me/contacts")).json() == {"emergency": None}
        assert (await client.delete("/v1/me/contacts/emergency")).status_code == 204
        assert (await client.get("/v1/me/contacts")).json() == {"emergency": None}
        await client.put("/v1/me/contacts/emergency", json=contact)
        await server.agreed("emergency_contact", given=False)
        assert not await server.engine.contacts.on_file("xiaoyu")


async def spoken_of(server: Served, user: str, count: int, *, said: str = "我今天去河边走了走") -> str:
    """A session on record, with so many turns."""
    records, session_id = server.engine.records, f"sess-of-{user}"
    await records.start_session(session_id, user, 1000.0)
    for n in range(count):
        turn = f"{user}-turn-{n}"
        await records.commit_utterance(turn, session_id, user, index=n + 1, now=1000.0 + n, modality="text", text=said)
        await records.finish_turn(turn, user, state="answered", user_text=f"{said} {n}", reply_text="嗯" * 20)
    return session_id


async def test_their_talks_are_listed_and_read_page_by_page_and_nobody_elses(serve: Serve) -> None:
    async with serve() as server, http(server) as client, http(server, "somebody") as other:
        session_id = await spoken_of(server, "xiaoyu", 5)
        for n in range(4):
            await server.engine.records.start_session(f"empty-{n}", "xiaoyu", 2000.0)
        listed, cursor = [], ""
        while cursor is not None:
            page = (await client.get(f"/v1/me/sessions?limit=2{cursor and '&cursor=' + cursor}")).json()
            listed += [(each["id"], each["turns"]) for each in page["items"]]
            cursor = page["next"]
        assert listed == [*((f"empty-{n}", 0) for n in (3, 2, 1, 0)), (session_id, 5)]
        read, cursor = [], ""
        while cursor is not None:
            at = f"/v1/me/sessions/{session_id}?limit=2{cursor and '&cursor=' + cursor}"
            page = (await client.get(at)).json()
            read += page["items"]
            cursor = page["next"]
        assert [turn["said"] for turn in read] == [f"我今天去河边走了走 {n}" for n in range(5)]
        assert read[0]["reply"] == "嗯" * 20 and read[0]["recording"] is False
        assert (await other.get("/v1/me/sessions")).json() == {"items": [], "next": None}
        for who, which in ((other, session_id), (client, "nothing")):
            assert code(await who.get(f"/v1/me/sessions/{which}")) == (404, "not_found")
        for bad in ("x", "nan~x", "1e999~x", "~"):
            assert code(await client.get(f"/v1/me/sessions?cursor={bad}")) == (400, "bad_cursor")
        assert code(await client.get("/v1/me/sessions?limit=0")) == (400, "invalid_request")


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_archive_holds_everything_of_theirs_to_read_and_for_programs(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server:
        for purpose in ("audio_retention", "emergency_contact"):
            await server.agreed(purpose)
        async with RealtimeClient.connect(server.url, server.token()) as client:
            session_id = (await until(client, "companion.session"))["session_id"]
            await client.speak(voice(), paced=False)
            await one_turn(client)
            await says(client, "我的猫叫团子")
            await saved(client, "团子")
            await says(client, HOSTILE)
        await spoken_of(server, "somebody", 2, said="别人的话")
        async with http(server) as client:
            await client.put("/v1/me/contacts/emergency", json={"name": "王小梅", "phone": "13800135678"})
            await client.post("/v1/me/complaints", json={"text": HOSTILE})
            answers = [await client.get(f"/v1/me/archive?language={language}") for language in ("zh", "en")]
        for language, answer in zip(("zh", "en"), answers, strict=True):
            assert answer.headers["content-type"] == "application/zip" and answer.headers["cache-control"] == "no-store"
            bundle = zipfile.ZipFile(io.BytesIO(answer.content))
            assert bundle.testzip() is None
            page = Seen(bundle.read("index.html").decode())
            assert "script" not in page.tags and "img" not in page.tags and "alert(1)" in page.text
            assert ("我的对话" if language == "zh" else "My talks") in page.text
            assert (
                all(words in page.text for words in ("我今天特别开心", "团子", "13800135678"))
                and "\x00" not in page.text
            )
            data = json.loads(bundle.read("data.json"))
            (session,) = data["sessions"]
            assert session["id"] == session_id and [t["said"] for t in session["turns"]][1:] == [
                "我的猫叫团子",
                HOSTILE,
            ]
            spoken = session["turns"][0]
            assert spoken["affect"]["voice"] is not None and spoken["recording"] in page.links
            assert bundle.read(spoken["recording"])[:4] == b"RIFF" and len(bundle.read(spoken["recording"])) > 32_000
            assert data["emergency_contact"]["phone"] == "13800135678" and data["complaints"][0]["text"] == HOSTILE
            assert any("团子" in memory["text"] for memory in data["memories"]) and data["usual_voice"]
            assert {each["purpose"] for each in data["consents"]["history"]} == {"audio_retention", "emergency_contact"}
            assert "别人的话" not in page.text + json.dumps(data, ensure_ascii=False)


async def test_rows_without_a_form_of_their_own_are_in_it_too_and_staff_is_not_named(serve: Serve) -> None:
    async with serve() as server:
        await spoken_of(server, "xiaoyu", 1)
        ring = server.engine.records.ring
        account: Any = {"roles": "counsellor", "password_hash": "x", "totp_step": 0, "recovery": "", "created_at": 1.0}

        async def work(session: Any) -> None:
            session.add(StaffRow(id="staff-li", name="li.wei", totp=b"x", **account))
            await session.flush()
            glass = {"id": "g1", "staff_id": "staff-li", "user_id": "xiaoyu", "since": 1.0, "until": 2.0}
            session.add(BreakGlassRow(**glass, reason=ring.seal("xiaoyu", "打来电话，说很急")))

        await server.engine.records.store.transaction(work)
        async with http(server) as client:
            bundle = zipfile.ZipFile(io.BytesIO((await client.get("/v1/me/archive")).content))
        (row,) = json.loads(bundle.read("data.json"))["other"]["break_glass"]
        assert (
            row["reason"] == "打来电话，说很急"
            and row["staff_id"] == "staff"
            and b"staff-li" not in bundle.read("data.json")
        )
        assert not TOLD & set(LEFT_OUT)


async def test_the_archive_of_a_long_life_takes_no_more_memory(serve: Serve) -> None:
    async with serve() as server:
        await spoken_of(server, "short", 40, said="话" * 400)
        await spoken_of(server, "long", 800, said="话" * 400)

        async def peak(user: str) -> tuple[float, int]:
            tracemalloc.start()
            size = largest = 0
            async for piece in archive(server.engine, await kept_of(server.engine, user), "zh"):
                size, largest = size + len(piece), max(largest, len(piece))
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert largest < 1 << 18
            return most / 2**20, size

        (_, small), (short, _), (long, large) = await peak("short"), await peak("short"), await peak("long")
        assert large > 5 * small / 2 and long - short < 2.0, (short, long)


async def test_a_complaint_is_kept_sealed_read_by_the_operator_and_answered(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, http(server) as client:
        unfit = await client.post("/v1/me/complaints", json={"text": "  "})
        assert code(unfit) == (400, "invalid_request")
        made = (await client.post("/v1/me/complaints", json={"text": "它说了让我难过的话\x1b[2J"})).json()
        assert made["answer"] is None and files_with(tmp_path, ["让我难过".encode()]) == []
        env = {"COMPANION_DATA_DIR": str(tmp_path)}
        listed = await run(["complaints", "list"], env)
        assert made["id"] in listed and "它说了让我难过的话" in listed and "\x1b" not in listed
        assert "answered" in await run(["complaints", "answer", made["id"]], env, "我们看过了，对不起。")
        (mine,) = (await client.get("/v1/me/complaints")).json()["complaints"]
        assert mine["answer"] == "我们看过了，对不起。" and mine["answered_at"]
        assert made["id"] not in await run(["complaints", "list"], env)
        assert json.loads(await run(["complaints", "list", "--all", "--json"], env))["user_id"] == "xiaoyu"
        acts = await run(["audit", "list", "--about", "xiaoyu"], env)
        assert "complaints.read" in acts and "complaint.answer" in acts
        async with http(server, "somebody") as other:
            assert (await other.get("/v1/me/complaints")).json() == {"complaints": []}
        for _ in range(20):
            await client.post("/v1/me/complaints", json={"text": "又来了"})
        assert code(await client.post("/v1/me/complaints", json={"text": "又来了"})) == (429, "too_many_complaints")


async def run(words: list[str], env: dict[str, str], said: str = "") -> str:
    import asyncio

    done = await asyncio.to_thread(CliRunner().invoke, companion, words, said, env)
    assert done.exit_code == 0, done.output
    return done.output


async def test_who_erases_themself_leaves_nothing_and_the_receipt_counts_all(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, http(server) as client:
        await spoken_of(server, "xiaoyu", 2)
        await server.agreed("emergency_contact")
        await client.put("/v1/me/contacts/emergency", json={"name": "王小梅", "phone": "13800135678"})
        await client.post("/v1/me/complaints", json={"text": "又来了"})
        receipt = (await client.delete("/v1/me", headers={"Confirm-Erase": "yes"})).json()
        counts = receipt["counts"]
        assert (counts["turns"], counts["consent"], counts["contact"], counts["complaint"]) == (2, 1, 1, 1)
        assert files_with(tmp_path, [b"xiaoyu"]) == []


async def test_who_comes_back_after_an_erasure_has_agreed_to_nothing(serve: Serve) -> None:
    async with serve() as server, http(server) as client:
        await server.agreed("training")
        await client.delete("/v1/me", headers={"Confirm-Erase": "yes"})
        assert await server.engine.consents.given("xiaoyu", "training") is None


def test_a_token_for_a_guardian_is_made_on_the_command_line(tmp_path: Path) -> None:
    env = {"COMPANION_DATA_DIR": str(tmp_path), "COMPANION_AUTH__SECRET": SECRET}
    made = CliRunner().invoke(companion, ["token", "--user", "mum", "--guardian-of", "kid"], env=env)
    assert verify(SECRET, made.output.strip(), time.time()).guardian_of == ("kid",)
    other = CliRunner().invoke(companion, ["token", "--user", "mum", "--guardian-of", "a b"], env=env)
    assert other.exit_code and "user name" in str(other.exception)


@pytest.mark.parametrize("guardian_of", ["kid", [1], ["a b"], ["x"] * 17])
async def test_a_token_whose_wards_are_no_list_of_names_is_refused(serve: Serve, guardian_of: Any) -> None:
    import jwt

    claims = {"iss": "companion", "sub": "mum", "iat": time.time() - 1, "exp": int(time.time() + 60)}
    token = jwt.encode({**claims, "guardian_of": guardian_of}, SECRET, algorithm="HS256")
    async with serve() as server, httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/v1/me/consents", headers={"Authorization": f"Bearer {token}"})
        assert code(answer) == (401, "invalid_token") and "guardian_of" in answer.text
