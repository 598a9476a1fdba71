import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from companion.errors import StorageError
from companion.records import database
from companion.records.repository import Records
from companion.records.revocations import RevocationRow, Revocations

NOW = 1_800_000_000.0
YEAR_S = 366 * 86_400.0


def replica(records: Records) -> Revocations:
    return Revocations(records.store, records.ring.receipt_key)


async def rows(records: Records) -> int:
    async with records.store.sessions() as session:
        return await session.scalar(select(func.count()).select_from(RevocationRow)) or 0


async def test_what_one_replica_revokes_another_learns(records: Records) -> None:
    here, there = replica(records), replica(records)
    await here.revoke_token("t1", NOW + 600)
    await here.revoke_user("ann", NOW, NOW + YEAR_S)
    assert here.covers("token", "t1", NOW + 5) and not there.covers("token", "t1", NOW + 5)
    await there.refresh()
    for one in (here, there):
        assert one.covers("token", "t1", NOW) and not one.covers("token", "t2", NOW)
        assert one.covers("user", "ann", NOW - 1) and one.covers("user", "ann", NOW)
        assert not one.covers("user", "ann", NOW + 0.001)  # signed in again
        assert not one.covers("user", "t1", NOW) and not one.covers("token", "ann", NOW)


async def test_a_later_moment_holds_whatever_order_they_come_in(records: Records) -> None:
    here, there = replica(records), replica(records)
    await asyncio.gather(*(one.revoke_user("ann", NOW + n, NOW + n + YEAR_S) for n, one in ((9, here), (3, there))))
    await there.revoke_user("ann", NOW + 1, NOW + YEAR_S)
    assert there.covers("user", "ann", NOW + 9) and not there.covers("user", "ann", NOW + 9.1)
    assert await rows(records) == 1
    await here.revoke_user("ann", NOW + 20, NOW + 20 + YEAR_S)  # no row more: the sum tells
    await there.refresh()
    assert there.covers("user", "ann", NOW + 20)


async def test_what_nothing_alive_can_meet_is_forgotten(records: Records) -> None:
    here = replica(records)
    await here.revoke_token("t1", NOW + 600)
    await here.revoke_user("ann", NOW, NOW + YEAR_S)
    await here.prune(NOW + 601)
    await here.refresh()
    assert await rows(records) == 1 and not here.covers("token", "t1", NOW) and here.covers("user", "ann", NOW)
    await here.prune(NOW + YEAR_S + 1)
    await here.refresh()
    assert await rows(records) == 0 and not here.covers("user", "ann", NOW)


async def test_no_name_of_a_person_or_token_is_kept(records: Records, tmp_path: Path) -> None:
    await replica(records).revoke_user("somebody-unmistakable", NOW, NOW + 600)
    await replica(records).revoke_token("a-token-id-unmistakable", NOW + 600)
    async with records.store.sessions() as session:
        kept = str((await session.execute(text("select * from revocation"))).all())
    assert kept.count("(") >= 2 and "unmistakable" not in kept
    assert not Revocations(records.store, b"another key").covers("user", "somebody-unmistakable", NOW)


async def test_a_database_that_fails_leaves_what_is_known_in_force(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    await asyncio.to_thread(database.upgrade, url)
    engine = database.create_engine(url)
    here = Revocations(database.Store(database.sessions(engine)), b"k")
    await here.revoke_user("ann", NOW, NOW + 600)
    async with engine.begin() as connection:
        await connection.execute(text("drop table revocation"))
    with pytest.raises(StorageError):
        await here.refresh()
    assert here.covers("user", "ann", NOW)
    await engine.dispose()
