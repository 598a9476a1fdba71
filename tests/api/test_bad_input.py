"""What a hasty, broken or hostile client sends, and what a full disk and a locked database do to it."""

import asyncio
import base64
import errno
import gc
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.realtime.client import RealtimeClient
from companion import saying
from companion.audio.intake import SAMPLE_RATE, Buffer
from companion.errors import StorageError
from companion.records import database, repository
from companion.settings import Resume
from companion.speech.recognizer import FakeRecognizer, Samples, Transcript
from companion.speech.vad import LevelDetector

Serve = Callable[..., Any]
SAID = "我今天特别开心"


class Listening(FakeRecognizer):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(SAID)
        self.heard: list[Samples] = []

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        self.heard.append(samples)
        return await super().recognize(samples, language)


class Watched(Buffer):
    """Knows how much it ever held."""

    most = 0

    def append(self, samples: Samples) -> None:
        super().append(samples)
        Watched.most = max(Watched.most, self.end - self.start)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    monkeypatch.setattr("companion.session.Buffer", Watched)
    Watched.most = 0
    return Watched


def loud(seconds: float, seed: int = 1) -> np.ndarray:
    """Noise at -20 dB, int16: loud all along, and no two parts of it are alike."""
    noise = np.random.default_rng(seed).uniform(-0.17, 0.17, int(seconds * SAMPLE_RATE))
    return (noise * 32_767).astype("<i2")


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * SAMPLE_RATE), "<i2")


def as_samples(pcm: np.ndarray) -> Samples:
    return pcm.astype(np.float32) / np.float32(32_768)


async def send(client: RealtimeClient, pcm: np.ndarray, frame: int = SAMPLE_RATE) -> None:
    for at in range(0, pcm.size, frame):
        await client._connection.send(pcm[at : at + frame].tobytes())


async def until(client: RealtimeClient, kind: str, *, refused: tuple[str, ...] = ()) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while (event := await client.event())["type"] != kind:
            assert event["type"] not in refused, event
    return event


async def still_answers(client: RealtimeClient) -> None:
    await client.type("你好")
    assert (await until(client, "response.done"))["response"]["status"] == "completed"


async def commit_by_hand(client: RealtimeClient, **turn_detection: Any) -> None:
    audio = {"input": {"turn_detection": turn_detection or None}}
    await client.send({"type": "session.update", "session": {"type": "realtime", "audio": audio}})


async def test_half_an_hour_of_silence_makes_no_turn_and_is_not_kept(serve: Serve, watched: type[Watched]) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        async with asyncio.timeout(120):
            await send(client, quiet(1_800), frame=2 * SAMPLE_RATE)  # at once: the server reads as fast as it hears
        await client.type("你好")
        types = [event["type"] async for event in client.turn(60)]
        assert not {"error", "input_audio_buffer.speech_started", "input_audio_buffer.committed"} & set(types)
        assert (await server.engine.records.counts())["turns"] == 1  # the typed one
    assert 0 < watched.most <= 13 * SAMPLE_RATE


async def test_ten_minutes_without_a_pause_are_cut_and_every_sample_is_on_record(
    serve: Serve, watched: type[Watched]
) -> None:
    said = loud(595.0)
    recognizer = Listening()
    async with serve(recognizer=recognizer) as server:
        await server.agreed("audio_retention")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            created = await until(client, "companion.session")
            sending = asyncio.create_task(send(client, np.concatenate((said, quiet(1.0)))))
            committed = [
                (await until(client, "input_audio_buffer.committed", refused=("error",)))["item_id"] for _ in range(10)
            ]
            await sending
            await until(client, "companion.timings")
        turns = await server.engine.records.turns(created["session_id"])
        assert [turn.id for turn in turns] == committed
        kept = [server.engine.records.spool.read("xiaoyu", turn.audio) for turn in turns]
    assert all(part.size <= 60.1 * SAMPLE_RATE for part in kept)
    for whole in (np.concatenate(kept), np.concatenate(recognizer.heard)):
        assert said.size <= whole.size <= said.size + SAMPLE_RATE
        np.testing.assert_allclose(whole[: said.size], as_samples(said), atol=1.5 / 32_768)
        assert np.abs(whole[said.size :]).max() == 0
    assert watched.most <= 75 * SAMPLE_RATE


async def test_frames_of_odd_length_are_the_samples_that_were_sent(serve: Serve) -> None:
    pcm, cut = loud(3.0).tobytes(), np.random.default_rng(2)
    recognizer = Listening()
    async with serve(recognizer=recognizer) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await commit_by_hand(client)
        at = 0
        while at < len(pcm):
            size = int(cut.integers(1, 3_000))
            part, at = pcm[at : at + size], at + size
            if size % 3:
                await client._connection.send(part)
            else:
                audio = base64.b64encode(part).decode()
                await client.send({"type": "input_audio_buffer.append", "audio": audio})
        await client.send({"type": "input_audio_buffer.commit"})
        await until(client, "conversation.item.input_audio_transcription.completed", refused=("error",))
    (heard,) = recognizer.heard
    np.testing.assert_array_equal(heard, as_samples(np.frombuffer(pcm, "<i2")))


async def test_ten_milliseconds_cannot_be_committed_but_are_not_lost(serve: Serve) -> None:
    pcm = loud(1.0)
    recognizer = Listening()
    async with serve(recognizer=recognizer) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await commit_by_hand(client)
        await send(client, pcm[:160])
        await client.send({"type": "input_audio_buffer.commit"})
        assert (await until(client, "error"))["error"]["code"] == "input_audio_buffer_commit_empty"
        await send(client, pcm[160:])
        await client.send({"type": "input_audio_buffer.commit"})
        await until(client, "conversation.item.input_audio_transcription.completed", refused=("error",))
    np.testing.assert_array_equal(np.concatenate(recognizer.heard), as_samples(pcm))


async def test_a_client_that_never_commits_is_told_and_goes_on_after_a_clear(
    serve: Serve, watched: type[Watched]
) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await commit_by_hand(client)
        await send(client, loud(130.0))
        assert (await until(client, "error"))["error"]["code"] == "audio_overrun"
        await client.send({"type": "input_audio_buffer.clear"})
        await until(client, "input_audio_buffer.cleared")
        await send(client, loud(1.0))
        await client.send({"type": "input_audio_buffer.commit"})
        await until(client, "input_audio_buffer.committed", refused=("error",))
        assert watched.most <= 120 * SAMPLE_RATE


async def test_after_committing_by_hand_the_server_hears_where_it_listens(serve: Serve) -> None:
    """Audio that the detector did not see must not shift what it cuts out afterwards."""
    said = loud(2.0, seed=5)
    recognizer = Listening()
    async with serve(recognizer=recognizer) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await commit_by_hand(client)
        await send(client, loud(3.0))
        await client.send({"type": "input_audio_buffer.commit"})
        await until(client, "conversation.item.input_audio_transcription.completed", refused=("error",))
        await commit_by_hand(client, type="server_vad")
        await send(client, np.concatenate((said, quiet(1.0))))
        await until(client, "conversation.item.input_audio_transcription.completed", refused=("error",))
    heard = recognizer.heard[-1]
    np.testing.assert_array_equal(heard[: said.size], as_samples(said))


async def test_what_was_cleared_is_not_heard_any_more(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    said, cleared, detect = loud(2.0, seed=6), threading.Event(), LevelDetector.detect

    def late(detector: LevelDetector, windows: Samples, states: Samples) -> tuple[Samples, Samples]:
        assert cleared.wait(10)
        return detect(detector, windows, states)

    monkeypatch.setattr(LevelDetector, "detect", late)
    recognizer = Listening()
    async with serve(recognizer=recognizer) as server, RealtimeClient.connect(server.url, server.token()) as client:
        await send(client, np.concatenate((loud(8.0), quiet(1.0))))
        await client.send({"type": "input_audio_buffer.clear"})
        await until(client, "input_audio_buffer.cleared")
        cleared.set()
        await send(client, np.concatenate((said, quiet(1.0))))
        await until(client, "companion.timings", refused=("error",))
        await still_answers(client)
    (heard,) = recognizer.heard
    np.testing.assert_array_equal(heard[: said.size], as_samples(said))


async def test_five_megabytes_close_with_1009_and_others_are_not_disturbed(serve: Serve) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token("other")) as other:
        for frame in (b"\0" * 5_000_000, json.dumps({"type": "x", "audio": "A" * 5_000_000})):
            async with RealtimeClient.connect(server.url, server.token()) as client:
                with pytest.raises(ConnectionClosed) as closed:
                    async with asyncio.timeout(10):
                        await client._connection.send(frame)
                        while True:
                            await client._connection.recv()
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        await still_answers(other)


TEXT = {"type": "conversation.item.create", "item": {"type": "message", "role": "user"}}


@pytest.mark.parametrize(
    ("frame", "codes"),
    [
        ('{"type": "input_audio_buffer.append", "audio": "not base64!"}', {"invalid_event"}),
        ('{"type": "input_audio_buffer.append", "audio": "QUJ"}', {"invalid_event"}),
        ('{"type": "input_audio_buffer.append", "audio": null}', {"invalid_event"}),
        ('{"type": "input_audio_buffer.append"}', {"invalid_event"}),
        ("", {"invalid_json"}),
        ("[" * 60_000, {"invalid_json", "invalid_event"}),
        ('{"type": {"a":' + '{"a":' * 5_000, {"invalid_json", "invalid_event"}),
        ('{"type": "session.update", "session": {"max_output_tokens": -1}}', {"invalid_event"}),
        ('{"type": "session.update", "session": {"max_output_tokens": 1e400}}', {"invalid_event", "invalid_json"}),
        ('{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": '
         '[{"type": "input_text", "text": "\\ud83d"}]}}', {"invalid_json", "invalid_event"}),
        ('{"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": '
         '[{"type": "input_text", "text": " \\n "}]}}', {"empty_item"}),
        ('{"type": "conversation.item.delete", "item_id": "x"}', {"item_delete_invalid_item_id"}),
    ],
)  # fmt: skip
async def test_a_frame_that_cannot_be_used_is_an_error_that_quotes_nothing(
    serve: Serve, frame: str, codes: set[str]
) -> None:
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        await client._connection.send(frame)
        error = (await until(client, "error"))["error"]
        assert error["code"] in codes and "not base64!" not in error["message"]
        await still_answers(client)


async def test_an_item_id_that_was_used_before_is_an_error_and_the_session_goes_on(serve: Serve) -> None:
    content = [{"type": "input_text", "text": "你好"}]
    item = {"type": "message", "role": "user", "content": content, "id": "item_mine"}
    async with serve() as server, RealtimeClient.connect(server.url, server.token()) as client:
        for _ in range(2):
            await client.send({"type": "conversation.item.create", "item": item})
        error = (await until(client, "error"))["error"]
        assert error["code"] == "item_create_duplicate_item_id" and "你好" not in error["message"]
        await still_answers(client)


async def test_a_full_disk_is_told_and_the_utterance_is_kept_with_the_next(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with serve() as server:
        await server.agreed("audio_retention")
        async with RealtimeClient.connect(server.url, server.token()) as client:
            created = await until(client, "companion.session")
            with monkeypatch.context() as patch:
                patch.setattr("companion.records.spool.os.fsync", full)
                patch.setattr(saying, "_AGAIN_S", (0.01,))
                await send(client, np.concatenate((loud(1.0), quiet(1.0))))
                error = (await until(client, "error", refused=("input_audio_buffer.committed",)))["error"]
            assert error["code"] == "storage_error" and "No space left" in error["message"]
            await send(client, np.concatenate((loud(1.5), quiet(1.0))))
            committed = [await until(client, "input_audio_buffer.committed", refused=("error",)) for _ in range(2)]
            done = await until(client, "response.done", refused=("error",))
            assert done["response"]["status"] == "completed"
        turns = await server.engine.records.turns(created["session_id"])  # the first was kept in memory meanwhile
        assert [turn.id for turn in turns] == [each["item_id"] for each in committed]
        spooled = sorted(path.name for path in (server.engine.settings.data_dir / "spool").rglob("*.*"))
        assert spooled == sorted(turn.audio for turn in turns)  # nothing half-written is left behind


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[None]:
    """Another process has the database."""
    other = sqlite3.connect(folder / "companion.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is waited for as long as a test can wait."""
    monkeypatch.setattr(repository, "create_engine", partial(database.create_engine, busy_timeout_s=0.05))
    monkeypatch.setattr(database, "_RETRIES_S", (0.01,))
    monkeypatch.setattr(saying, "_AGAIN_S", (0.01,))


@pytest.mark.usefixtures("impatient")
async def test_a_locked_database_is_told_and_once_it_is_free_the_session_goes_on(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            created = await until(client, "companion.session")
            await until(client, "session.updated")
            async with locked(tmp_path):
                await send(client, np.concatenate((loud(1.0), quiet(1.0))))
                spoken = (await until(client, "error", refused=("input_audio_buffer.committed",)))["error"]
                await client.type("你好")
                typed = (await until(client, "error", refused=("conversation.item.added",)))["error"]
                await until(client, "response.done")
            for error in (spoken, typed):
                assert error["code"] == "storage_error" and "locked" in error["message"]
            await send(client, np.concatenate((loud(1.5), quiet(1.0))))
            await until(client, "input_audio_buffer.committed", refused=("error",))
            assert (await until(client, "response.done"))["response"]["status"] == "completed"
            await until(client, "companion.timings")
        turns = await server.engine.records.turns(created["session_id"])
        assert [turn.modality for turn in turns] == ["voice", "voice"]


@pytest.mark.usefixtures("impatient")
async def test_a_lock_at_the_beginning_of_a_session_is_told_before_it_closes(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server:
        async with locked(tmp_path):
            header = {"Authorization": f"Bearer {server.token()}"}
            async with connect("ws" + server.url[4:] + "/v1/realtime", additional_headers=header) as bare:
                await bare.send('{"type": "response.create"}')
                told = [json.loads(await bare.recv()) for _ in range(3)]
                assert [event["type"] for event in told] == ["session.created", "companion.session", "error"]
                assert told[2]["error"]["code"] == "storage_error"
                with pytest.raises(ConnectionClosed) as closed:
                    await bare.recv()
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await still_answers(client)


@pytest.mark.usefixtures("impatient")
async def test_a_lock_at_the_end_of_a_session_leaves_no_task_behind(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, end_session = asyncio.Event(), repository.Records.end_session

    async def watched_end(records: repository.Records, session_id: str, now: float) -> None:
        try:
            await end_session(records, session_id, now)
        except StorageError:
            failed.set()
            raise

    def connections() -> list[str]:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
        return [name for name in names if name.startswith(("Connection.", "Session."))]

    monkeypatch.setattr(repository.Records, "end_session", watched_end)
    lost: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context["message"]))
    async with serve(settings={"resume": Resume(reattach_s=0)}) as server:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(RealtimeClient.connect(server.url, server.token()))
            await until(client, "session.updated")
            assert connections()
            await stack.enter_async_context(locked(tmp_path))
            await client._connection.close()
            async with asyncio.timeout(10):
                await failed.wait()
                while connections():
                    await asyncio.sleep(0)
                    gc.collect()
        async with RealtimeClient.connect(server.url, server.token()) as client:
            await still_answers(client)
    assert lost == []  # such as a task that was destroyed while it was pending
