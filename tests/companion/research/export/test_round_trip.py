"""Whoever gets the files can load them with the tools of the field."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from companion.research.export.request import FORMATS, Request
from companion.research.export.table import COLUMNS
from tests.companion.research.export.people import World, crowd, talk

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries that read

ALL = Request(formats=FORMATS)


async def with_pairs(world: World) -> Path:
    ids = await crowd(world.records, 6, training=True)
    again = [("睡不着", "数羊吧。"), ("睡不着", "我陪着你，想说说吗？")]
    await talk(world.records, ids[0], 6, again, ratings={0: "dislike", 1: "like"})
    row = await world.published(ALL)
    assert row.counts["rows_dpo"] == 1
    return world.ready(row)


async def test_datasets_loads_every_format(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = await with_pairs(world)
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    from datasets import load_dataset

    cache = str(tmp_path / "cache")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name in FORMATS:
        table = {"path": "parquet", "data_files": str(folder / "turns.parquet")}
        asked = table if name == "turns" else {"path": str(folder), "name": name}
        loaded = load_dataset(**asked, split="train", cache_dir=cache)
        file = "turns.parquet" if name == "turns" else f"{name}.jsonl"
        assert len(loaded) == manifest["files"][file]["rows"] > 0
        if name == "turns":
            assert loaded.column_names == list(COLUMNS)
        if name == "messages":
            line = json.loads((folder / file).read_text("utf-8").splitlines()[0])
            assert loaded[0]["messages"] == line["messages"]
        if name == "dpo":
            assert loaded[0]["chosen"] == [{"role": "assistant", "content": "我陪着你，想说说吗？"}]


async def test_croissant_validates_and_reads_the_records(world: World) -> None:
    folder = await with_pairs(world)
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert str(dataset.metadata.ctx.conforms_to).endswith("1.0") or "1_0" in str(dataset.metadata.ctx.conforms_to)
    records = list(dataset.records("turns"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert len(records) == manifest["files"]["turns.parquet"]["rows"]
    for name in ("messages", "sharegpt", "kto", "dpo"):
        assert len(list(dataset.records(name))) == manifest["files"][f"{name}.jsonl"]["rows"] > 0


async def test_the_manifest_tells_of_every_file_what_it_is(world: World) -> None:
    folder = await with_pairs(world)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == there
    for name, told in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert told["sha256"] == hashlib.sha256(content).hexdigest() and told["bytes"] == len(content)
    assert manifest["consents"]["research"] and manifest["recognisers"].startswith("deidentify ")
    card = (folder / "README.md").read_text("utf-8")
    assert card.startswith("---\n") and card.split("---\n")[1].count("config_name") == len(FORMATS) - 1
