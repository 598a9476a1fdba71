"""The summary of a session follows its turns, in their own transactions; the migration makes it for those before."""

import asyncio
import json

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from companion.records import database
from companion.records.repository import Records
from companion.records.safety import SafetyRecords
from companion.records.summaries import Read, SummaryRow, summary

NOW = 1_800_000_000.0


def _affect(
    valence: float | None, uncertainty: float = 0.2, score: float | None = None, kind: str | None = None
) -> dict:
    odd = None if score is None else {"score": score, "kind": kind, "confidence": 1.0}
    return {
        "valence": valence,
        "arousal": 0.0,
        "uncertainty": uncertainty,
        "incongruence": odd,
        "words": None,
        "voice": None,
    }


async def _say(records: Records, number: int, **finish: object) -> None:
    turn_id = f"item_{number}"
    await records.commit_utterance(turn_id, "s1", "xiaoyu", index=number, now=NOW + number, modality="text", text="嗯")
    given = {"state": "answered", "models": {"chat": "qwen"}, "response_id": f"resp_{number}"} | finish
    await records.finish_turn(turn_id, "xiaoyu", **given)  # type: ignore[arg-type]


async def _row(records: Records) -> SummaryRow | None:
    async def work(session):
        return await session.scalar(select(SummaryRow).where(col(SummaryRow.session_id) == "s1"))

    return await records.store.transaction(work)


async def test_it_follows_each_turn(records: Records) -> None:
    await records.start_session("s1", "xiaoyu", NOW)
    assert await _row(records) is None  # nothing was said
    risk = {"level": 2, "kinds": ["suicide"], "reasons": [], "held": 2, "phase": "attentive"}
    await _say(records, 0, affect=_affect(0.5), language="zh")
    await _say(records, 1, affect=_affect(-0.5, 0.6, 0.4, "masked_distress"), risk=risk, answered_by="script")
    await _say(records, 2, affect=_affect(None, 1.0, 0.1), models={"chat": "other"}, trajectory="falling")
    row = await _row(records)
    assert row is not None
    assert (row.turns, row.last_at, row.language, row.level, row.state) == (3, NOW + 2, "zh", 2, "falling")
    assert (row.incongruence, row.incongruent_kind) == (0.4, "masked_distress")
    assert row.valence_mean == pytest.approx((0.5 * 0.8 - 0.5 * 0.4) / 1.2)  # the surer one weighs more
    assert (row.valence_last, row.known, row.certainty) == (-0.5, 2, pytest.approx(1.2))
    assert row.models == ["other", "qwen"]  # the script answered one of them
    assert await records.rate("xiaoyu", "resp_0", "like") and await records.rate("xiaoyu", "resp_2", "dislike")
    assert await records.rate("xiaoyu", "resp_2", None)
    row = await _row(records)
    assert row is not None and (row.likes, row.dislikes) == (1, 0)


async def test_what_a_counsellor_said_unasked_counts(records: Records) -> None:
    await records.start_session("s1", "xiaoyu", NOW)
    told = {"index": 0, "now": NOW, "text": "我在", "answered_by": "counsellor", "language": "zh"}
    safety = SafetyRecords(records.store, records.ring)
    await safety.tell("item_0", "s1", "xiaoyu", response_id="r", reply_item_id="i", **told)  # type: ignore[arg-type]
    row = await _row(records)
    assert row is not None and (row.turns, row.models, row.valence_mean, row.state) == (1, [], None, "unknown")


async def test_it_is_gone_with_the_turn_that_could_not_be_kept(records: Records) -> None:
    await records.start_session("s1", "xiaoyu", NOW)

    async def fails(session) -> None:
        raise RuntimeError("of the test")

    with pytest.raises(RuntimeError):
        await _say(records, 0, affect=_affect(0.5), also=[fails])
    assert await _row(records) is None


def test_uncertain_turns_say_nothing_of_the_mean() -> None:
    turn = Read(NOW, None, None, None, None, 0.9, 0.99, None, None, "qwen", None)
    found = summary([turn])
    assert (found.known, found.valence_mean, found.valence_last, found.level) == (0, None, None, 0)


async def test_the_migration_sums_up_what_was_there(url: str) -> None:
    await asyncio.to_thread(database.upgrade, url, "0008")
    engine = database.create_engine(url)
    affect = json.dumps(_affect(-0.4, 0.5, 0.3, "masked_distress"))
    async with engine.begin() as connection:
        user = text("INSERT INTO \"user\" (id, created_at, wrapped_key) VALUES ('u', 1, :key)")
        await connection.execute(user, {"key": b"k"})
        for session_id in ("s1", "s2"):
            row = text("INSERT INTO session (id, user_id, started_at) VALUES (:id, 'u', 5)")
            await connection.execute(row, {"id": session_id})
        for number, felt in enumerate((affect, None)):
            row = text(
                'INSERT INTO turn (id, session_id, user_id, "index", created_at, modality, state, affect, models, '
                "risk_level, rating) VALUES (:id, 's1', 'u', :n, :at, 'text', 'answered', :affect, :models, :n, 'like')"
            )
            values = {"id": f"t{number}", "n": number, "at": 10.0 + number, "affect": felt}
            await connection.execute(row, values | {"models": '{"chat": "qwen"}'})
    await asyncio.to_thread(database.upgrade, url, "0009")
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM session_summary"))).mappings().all()
    await engine.dispose()
    assert [row["session_id"] for row in rows] == ["s1"]
    (row,) = rows
    assert (row["turns"], row["level"], row["likes"], row["last_at"], row["started_at"]) == (2, 1, 2, 11.0, 5.0)
    assert (row["valence_mean"], row["certainty"], row["state"]) == (pytest.approx(-0.4), 0.5, "unknown")
    assert (row["incongruence"], row["incongruent_kind"]) == (0.3, "masked_distress")
