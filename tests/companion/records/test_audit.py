"""The chain of the audit: everything that a stranger may do to the database is found."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from companion.errors import StorageError
from companion.records import database
from companion.records.audit import Audit
from companion.records.repository import Records

NOW = 1_800_000_000.0
COLUMNS = "seq, at, staff_id, action, subject, object_id, detail, prev_hash, hash"


def chain(records: Records, folder: Path) -> Audit:
    return Audit(records.store, records.ring.receipt_key, folder / "audit.head")


async def filled(records: Records, folder: Path, rows: int = 6) -> Audit:
    """A chain whose head was signed at its end."""
    audit = chain(records, folder)
    for n in range(rows):
        await audit.write(NOW + n, "staff_1", "session.read", user_id="xiaoyu", object_id=f"s{n}", turns=n)
    assert await audit.sign_head(NOW) is None
    return audit


async def as_owner(records: Records, *statements: str) -> None:
    """What somebody does who may change the schema too: the triggers are gone first."""
    sqlite = records.store.sessions.kw["bind"].dialect.name == "sqlite"
    away = ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"]
    async with records.store.sessions() as session, session.begin():
        for statement in (away if sqlite else ["DROP TRIGGER IF EXISTS audit_no_change ON audit"]) + [*statements]:
            await session.execute(text(statement))


async def test_rows_follow_one_another_and_tell_nothing_of_content(records: Records, tmp_path: Path) -> None:
    audit = await filled(records, tmp_path)
    verdict = await audit.verify()
    assert verdict.sound and (verdict.rows, verdict.last_seq) == (6, 6)
    entries = await audit.entries(user_id="xiaoyu", latest=2)
    assert [(e.seq, e.action, e.detail) for e in entries] == [
        (5, "session.read", {"turns": 4}),
        (6, "session.read", {"turns": 5}),
    ]
    assert entries[0].object_id == audit.hashed("s4") and await audit.entries(user_id="another") == []
    async with records.store.sessions() as session:
        kept = str((await session.execute(text("select * from audit"))).all())
    assert "xiaoyu" not in kept and "'s4'" not in kept
    for words in ("我不想活了", "he said so", "line\nline"):
        with pytest.raises(ValueError, match="never words"):
            audit.row(NOW, "staff_1", "note", said=words)
    with pytest.raises(ValueError, match="no action"):
        audit.row(NOW, "staff_1", "Read it!")


async def test_the_act_and_its_row_are_there_together_or_not_at_all(records: Records, tmp_path: Path) -> None:
    audit = await filled(records, tmp_path, 1)
    await records.ensure_user("xiaoyu", NOW)

    async def act(session: AsyncSession) -> None:
        await session.execute(text("""update "user" set seen_at = 7"""))
        await audit.row(NOW, "staff_1", "user.touch")(session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await records.store.transaction(act)
    async with records.store.sessions() as session:
        assert await session.scalar(text('select seen_at from "user"')) is None
    assert (await audit.verify()).rows == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET staff_id = 'x' WHERE seq = 3", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_the_database_itself_refuses_a_change(records: Records, tmp_path: Path, statement: str) -> None:
    if records.store.sessions.kw["bind"].dialect.name == "sqlite":
        statement = statement.replace("TRUNCATE", "DELETE FROM")  # it knows no other way to empty a table
    audit = await filled(records, tmp_path)
    with pytest.raises(DBAPIError, match="append-only"):
        async with records.store.sessions() as session, session.begin():
            await session.execute(text(statement))
    assert (await audit.verify()).rows == 6


COPY = f"INSERT INTO audit ({COLUMNS}) SELECT {{}}, at, staff_id, action, subject, object_id, detail, {{}} FROM audit "
TAMPERING = {
    "another name": (["UPDATE audit SET staff_id = 'staff_2' WHERE seq = 3"], {(3, "altered")}),
    "another time": (["UPDATE audit SET at = at + 0.001 WHERE seq = 6"], {(6, "altered")}),
    "another person": (["UPDATE audit SET subject = NULL WHERE seq = 1"], {(1, "altered")}),
    "another detail": (["UPDATE audit SET detail = '{}' WHERE seq = 2"], {(2, "altered")}),
    "another hash": (["UPDATE audit SET hash = prev_hash WHERE seq = 2"], {(2, "altered"), (3, "unlinked")}),
    "deleted": (["DELETE FROM audit WHERE seq = 4"], {(4, "missing")}),
    "the first deleted": (["DELETE FROM audit WHERE seq <= 2"], {(1, "missing")}),
    "deleted and closed up": (
        ["DELETE FROM audit WHERE seq = 4", *(f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in (5, 6))],
        {(4, "unlinked"), (4, "altered"), (5, "altered"), (6, "truncated")},
    ),
    "reordered": (
        [f"UPDATE audit SET seq = {b} WHERE seq = {a}" for a, b in ((3, 99), (4, 3), (99, 4))],
        {(3, "altered"), (4, "altered"), (3, "unlinked"), (4, "unlinked"), (5, "unlinked")},
    ),
    "put in at the end": ([COPY.format("7", "hash, hash") + "WHERE seq = 6"], {(7, "altered")}),
    "put in before": ([COPY.format("0", "prev_hash, hash") + "WHERE seq = 1"], {(1, "missing"), (0, "altered")}),
    "cut off": (["DELETE FROM audit WHERE seq > 4"], {(5, "truncated")}),
    "emptied": (["DELETE FROM audit"], {(1, "truncated")}),
}


@pytest.mark.parametrize("how", TAMPERING)
async def test_tampering_of_every_kind_is_found(records: Records, tmp_path: Path, how: str) -> None:
    statements, expected = TAMPERING[how]
    audit = await filled(records, tmp_path)
    await as_owner(records, *statements)
    verdict = await audit.verify()
    found = {(fault.seq, fault.kind) for fault in verdict.faults}
    assert not verdict.sound and expected <= found, found


async def test_what_grows_over_a_cut_end_does_not_hide_it(records: Records, tmp_path: Path) -> None:
    audit = await filled(records, tmp_path)
    await as_owner(records, "DELETE FROM audit WHERE seq > 4")
    before = (tmp_path / "audit.head").read_bytes()
    for n in range(5):  # the server goes on, and knows nothing of it
        await audit.write(NOW + 100 + n, "staff_1", "session.read")
    fault = await audit.sign_head(NOW + 200)
    assert fault is not None and (fault.seq, fault.kind) == (6, "replaced")
    assert (tmp_path / "audit.head").read_bytes() == before  # the evidence stays
    assert [(f.seq, f.kind) for f in (await audit.verify()).faults] == [(6, "replaced")]


async def test_a_head_that_was_forged_taken_away_or_put_back_is_told(records: Records, tmp_path: Path) -> None:
    audit, file = await filled(records, tmp_path), tmp_path / "audit.head"
    old = file.read_bytes()
    assert oct(os.stat(file).st_mode & 0o777) == "0o600"
    await as_owner(records, "DELETE FROM audit WHERE seq > 4")
    forged = json.loads(old) | {"seq": 4}
    file.write_text(json.dumps(forged), "utf-8")
    assert [f.kind for f in (await audit.verify()).faults] == ["forged_head"]
    assert (fault := await audit.sign_head(NOW)) is not None and fault.kind == "forged_head"
    file.unlink()
    assert [f.kind for f in (await audit.verify()).faults] == ["no_head"]
    file.write_bytes(old)
    assert [f.kind for f in (await audit.verify()).faults] == ["truncated"]


async def test_another_master_key_signs_another_chain(records: Records, tmp_path: Path) -> None:
    await filled(records, tmp_path)
    stranger = Audit(records.store, b"x" * 32, tmp_path / "audit.head")
    verdict = await stranger.verify()
    assert [f.kind for f in verdict.faults] == ["altered"] * 6 + ["forged_head"]


async def test_the_head_follows_and_never_goes_back(records: Records, tmp_path: Path) -> None:
    audit = await filled(records, tmp_path, 2)
    await audit.write(NOW, "staff_1", "session.read")
    assert (await audit.verify()).sound  # a row that is younger than the head
    assert await audit.sign_head(NOW + 60) is None
    head = audit.head()
    assert head is not None and (head.seq, head.at) == (3, NOW + 60)
    assert await audit.sign_head(NOW + 120) is None and audit.head() == head  # nothing new, nothing written


async def test_writers_that_come_together_make_one_chain(records: Records, url: str, tmp_path: Path) -> None:
    """Four connections of their own, as of four processes; some write a row of another table first."""
    engines = [database.create_engine(url, busy_timeout_s=5.0) for _ in range(4)]
    stores = [database.Store(database.sessions(engine)) for engine in engines]
    audits = [Audit(store, records.ring.receipt_key, tmp_path / "audit.head") for store in stores]
    await records.ensure_user("xiaoyu", NOW)

    def work(n: int, audit: Audit, touches: bool) -> Callable[[AsyncSession], Awaitable[None]]:
        async def both(session: AsyncSession) -> None:
            if touches:
                await session.execute(text('update "user" set seen_at = seen_at + 1'))
            await audit.row(NOW, f"staff_{n}", "session.read", user_id="xiaoyu", n=n)(session)

        return both

    async def write(n: int) -> None:
        for _ in range(15):
            await stores[n].transaction(work(n, audits[n], touches=n % 2 == 0))

    await asyncio.gather(*(write(n) for n in range(4)))
    verdict = await audits[0].verify()
    assert [f.kind for f in verdict.faults] == ["no_head"] and verdict.last_seq == verdict.rows == 60
    entries = await audits[0].entries()
    assert sorted(entry.staff_id for entry in entries) == sorted(f"staff_{n}" for n in range(4) for _ in range(15))
    for engine in engines:
        await engine.dispose()


async def test_a_database_without_the_table_is_an_error_of_ours(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'none.db'}"
    engine = database.create_engine(url)
    audit = Audit(database.Store(database.sessions(engine)), b"k" * 32, tmp_path / "audit.head")
    with pytest.raises(StorageError):
        await audit.write(NOW, "staff_1", "session.read")
    with pytest.raises(StorageError):
        await audit.verify()
    await engine.dispose()
