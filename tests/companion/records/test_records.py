import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from companion.errors import ConfigurationError, StorageError
from companion.records import database
from companion.records.crypto import KeyRing
from companion.records.repository import Records
from companion.records.spool import Spool

SAMPLES = np.linspace(-0.5, 0.5, 16_000, dtype=np.float32)


async def say(records: Records, turn_id: str = "t1", said: str | None = None) -> None:
    await records.commit_utterance(
        turn_id, "s1", "u1", index=1, now=2.0, modality="voice", samples=SAMPLES if said is None else None, text=said
    )


async def test_upgrade_check_downgrade_and_upgrade_again(url: str) -> None:
    await asyncio.to_thread(database.upgrade, url)
    await asyncio.to_thread(database.check, url)
    await asyncio.to_thread(database.downgrade, url, "base")
    with pytest.raises(ConfigurationError, match=r"differ|not up to date"):
        await asyncio.to_thread(database.check, url)
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url)
    await database.require_current(engine)
    await engine.dispose()


async def test_a_turn_comes_back_as_it_was(records: Records) -> None:
    await records.start_session("s1", "u1", 1.0)
    await say(records)
    (waiting,) = await records.unanswered("u1")
    assert waiting.state == "committed" and waiting.audio is not None
    np.testing.assert_allclose(records.spool.read("u1", waiting.audio), SAMPLES, atol=1e-4)
    affect = {"valence": -0.5, "words": {"evidence": [["难过", -0.7]]}, "voice": {"arousal": 0.2}}
    await records.finish_turn(
        "t1", "u1", state="answered", user_text="我难过", reply_text="我在", affect=affect, timings={"asr": 0.5}
    )
    (turn,) = await records.turns("s1")
    assert (turn.user_text, turn.reply_text, turn.affect, turn.timings) == ("我难过", "我在", affect, {"asr": 0.5})
    assert await records.unanswered("u1") == []
    await records.store.transaction(records.baseline_kept("u1", {"level_db": [3, -20.0, 4.0]}))
    assert await records.baseline("u1") == {"level_db": [3, -20.0, 4.0]}
    assert await records.counts() == {"users": 1, "sessions": 1, "turns": 1}


async def test_another_master_key_opens_nothing(records: Records) -> None:
    await records.start_session("s1", "u1", 1.0)
    stranger = KeyRing(records.store.sessions, b"x" * 32)
    with pytest.raises(StorageError, match="master key"):
        await stranger.load("u1")


async def test_sqlite_runs_in_wal_with_keys_on(tmp_path: Path) -> None:
    engine = database.create_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    async with engine.connect() as connection:
        found = [(await connection.execute(text(f"PRAGMA {p}"))).scalar() for p in
                 ("journal_mode", "synchronous", "foreign_keys")]  # fmt: skip
    await engine.dispose()
    assert found == ["wal", 1, 1]


async def test_words_lie_open_in_no_file(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.db'}"
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url)
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(tmp_path / "spool", ring))
    await records.start_session("s1", "u1", 1.0)
    await say(records, said="a most unusual sentence")
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    await engine.dispose()
    assert b"unusual" not in kept


async def test_a_locked_database_is_an_error_that_may_be_retried(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    url = f"sqlite+aiosqlite:///{path}"
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url, busy_timeout_s=0.01)
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(tmp_path / "spool", ring))
    await records.start_session("s1", "u1", 1.0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked") as caught:
        await say(records, said="words that stay out of errors")
    assert caught.value.retryable and "words" not in str(caught.value)
    other.execute("ROLLBACK")
    other.close()
    await say(records, said="again")
    await engine.dispose()


async def test_a_full_disk_is_said_and_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.db'}"
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url)
    store = database.Store(database.sessions(engine))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(tmp_path / "spool", ring))
    await records.start_session("s1", "u1", 1.0)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            await say(records)
    assert [p for p in (tmp_path / "spool").rglob("*") if p.is_file()] == []
    await say(records)
    await engine.dispose()


_CHILD = """
import asyncio, os, signal, sys
import numpy as np
from companion.records import database
from companion.records.crypto import KeyRing
from companion.records.repository import Records
from companion.records.spool import Spool
from pathlib import Path

async def main(url, folder):
    store = database.Store(database.sessions(database.create_engine(url)))
    ring = KeyRing(store.sessions, b"m" * 32)
    records = Records(store, ring, Spool(Path(folder), ring))
    await records.start_session("s1", "u1", 1.0)
    samples = np.linspace(-0.5, 0.5, 16_000, dtype=np.float32)
    await records.commit_utterance("t1", "s1", "u1", index=1, now=2.0, modality="voice", samples=samples)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_committed_utterance_survives_kill_9(tmp_path: Path, url: str, records: Records) -> None:
    command = [sys.executable, "-c", _CHILD, url, str(tmp_path / "spool")]
    killed = await asyncio.to_thread(subprocess.run, command)
    assert killed.returncode == -signal.SIGKILL
    await records.ring.load("u1")
    (turn,) = await records.unanswered("u1")
    assert turn.id == "t1" and turn.audio is not None
    np.testing.assert_allclose(records.spool.read("u1", turn.audio), SAMPLES, atol=1e-4)
