"""From a request to files: what is in them, what is not, and that they are the same each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from companion.research.export.request import FORMATS, Request
from tests.companion.research.export.people import AFFECT, PURPOSE, World, crowd

ALL = Request(formats=FORMATS)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def test_a_request_becomes_files_in_which_nobody_is(world: World) -> None:
    ids = await crowd(world.records, training=True)
    row = await world.published(ALL)
    assert row.state == "published", row.failure
    folder = world.ready(row)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("messages.jsonl", "sharegpt.jsonl", "kto.jsonl", "dpo.jsonl", "turns.parquet"),
        *("manifest.json", "README.md", "croissant.json"),
    }
    everything = b"".join(path.read_bytes() for path in folder.iterdir() if path.suffix != ".parquet")
    for told in (*ids, "王建国", "建国", "团子", "1380013", "sess", "item", "friend0", "煤球"):
        assert told.encode() not in everything, told
    dialogues = rows(folder / "messages.jsonl")
    assert len(dialogues) == 2 * len(ids) and row.counts["turns"] == 5 * len(ids)
    first = next(one for one in dialogues if len(one["messages"]) > 2)
    assert [message["role"] for message in first["messages"][:2]] == ["user", "assistant"]
    assert "〔人名1〕" in first["messages"][0]["content"] and "〔人名1〕" in first["messages"][1]["content"]
    assert {one["province"] for one in dialogues} <= {"广东", "*"}
    assert not (world.folder / "work" / row.id).exists()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["purpose"] == PURPOSE and manifest["people"] == len(ids) and manifest["leaks"] == 0
    assert manifest["k"] >= 5 and manifest["l"] >= 2 and manifest["epsilon"] is None


async def test_words_in_danger_are_withheld_and_only_then(world: World) -> None:
    await crowd(world.records)
    row = await world.published(ALL)
    import pyarrow.parquet as parquet

    turns = parquet.read_table(world.ready(row) / "turns.parquet").to_pylist()
    held = [turn for turn in turns if turn["withheld"]]
    assert held and all(turn["said"] == "〔…〕" and turn["risk_level"] == 3 for turn in held)
    assert all(turn["said"] != "〔…〕" for turn in turns if turn["risk_level"] == 0 and "〔…〕" not in turn["said"])
    voice = {turn["voice_valence"] for turn in turns}
    assert len(voice) == 1 and abs(voice.pop() + 0.6) < 1e-6 and AFFECT["voice"]["valence"] == -0.51
    assert {turn["incongruence_kind"] for turn in turns} == {"masked_distress"} and all(t["incongruent"] for t in turns)
    assert {turn["chat_model"] for turn in turns} == {"qwen3-4b@1.2"}
    assert all(set(turn["week"]) <= set("0123456789-W") for turn in turns)


async def test_the_same_request_key_and_people_give_the_same_bytes(world: World) -> None:
    await crowd(world.records, training=True)
    first, second = [await world.published(ALL, b"k" * 32) for _ in range(2)]
    assert first.id != second.id
    for path in sorted(world.ready(first).iterdir()):
        assert path.read_bytes() == (world.ready(second) / path.name).read_bytes(), path.name
    third = await world.published(ALL, b"q" * 32)
    assert (world.ready(third) / "messages.jsonl").read_bytes() != (world.ready(first) / "messages.jsonl").read_bytes()
