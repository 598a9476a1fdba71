"""The sweep over both databases: what is understood goes, what is kept by consent ends with its time."""

import numpy as np

from companion.consent.purposes import PURPOSES
from companion.records.consents import Consents
from companion.records.own import all_own_sessions, all_own_turns
from companion.records.recordings import Recordings
from companion.records.repository import Records
from companion.settings import Consent, Settings

DAY_S = 86_400.0
SAMPLES = np.sin(np.arange(1600) / 20).astype(np.float32)


async def test_a_sweep_takes_what_it_may_of_everybody(records: Records) -> None:
    settings, now = Settings(consent=Consent(audio_days=10.0, unread_days=2.0)), [0.0]
    consents = Consents(records.store, records.ring, audio_days=10.0)
    recordings = Recordings(records, consents, settings, lambda: now[0])
    for user in ("keeps", "does-not"):
        await records.start_session(f"s-{user}", user, 0.0)
        for n, state in enumerate(("answered", "committed")):
            turn = f"{user}-{state}"
            await records.commit_utterance(
                turn, f"s-{user}", user, index=n, now=0.0, modality="voice", samples=SAMPLES, images=[b"image"]
            )
            words = "你好" if state == "answered" else None
            await records.finish_turn(turn, user, state=state, user_text=words)
    version = consents.version("audio_retention")
    yes = consents.recorded("keeps", "audio_retention", True, version=version, language="zh", now=0.0, by="person")
    await records.store.transaction(yes)

    async def left() -> dict[str, tuple[bool, int]]:
        turns = [turn for user in ("keeps", "does-not") for turn in await records.turns(f"s-{user}")]
        for turn in turns:
            if turn.audio is not None:
                assert records.spool.read(turn.user_id, turn.audio).size == SAMPLES.size
        return {turn.id: (turn.audio is not None, len(turn.images)) for turn in turns}

    assert await recordings.sweep() == 2
    waits = {"keeps-committed": (True, 1), "does-not-committed": (True, 1)}
    assert await left() == {**waits, "keeps-answered": (True, 0), "does-not-answered": (False, 0)}
    now[0] = 2.1 * DAY_S
    assert await recordings.sweep() == 1 and (await left())["does-not-committed"] == (False, 0)
    now[0] = 10.1 * DAY_S
    assert await recordings.sweep() == 2 and set((await left()).values()) == {(False, 0)}
    assert await recordings.sweep() == 0 and set(await consents.standing("keeps")) == set(PURPOSES)


async def test_pages_of_a_talk_miss_nothing_and_tell_nothing_twice(records: Records) -> None:
    for n in range(7):
        await records.start_session(f"s{n}", "u1", float(n // 3))
    for n in range(9):
        turn = f"t{n}"
        await records.commit_utterance(turn, "s0", "u1", index=n // 2, now=1.0, modality="text", text=str(n))
    await records.store.transaction(records.baseline_kept("u1", {"f0": [1.0]}))
    sessions = [session.id async for session in all_own_sessions(records, "u1", page=2)]
    assert sessions == ["s6", "s5", "s4", "s3", "s2", "s1", "s0"]
    assert [turn.said async for turn in all_own_turns(records, "u1", "s0", page=2)] == [str(n) for n in range(9)]
