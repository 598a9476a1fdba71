"""The index may drift, be thrown away and rebuilt, and keeps no bytes of what was erased."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from memory.errors import IndexFilesError
from memory.extraction import extract
from memory.index import ChromaIndex
from memory.index_files import blank
from memory.indexing import drift, reindex
from tests.memory.conftest import Mind


def random_vectors(n: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def holding(path: Path, *needles: bytes) -> list[str]:
    return [p.name for p in path.rglob("*") if p.is_file() and any(n in p.read_bytes() for n in needles)]


async def nobody(_: str) -> None:
    raise AssertionError("no key is needed for vectors")


async def test_drift_is_seen_and_mended_both_ways(mind: Mind) -> None:
    for user, text in (("a", "我的猫叫团子"), ("b", "我在杭州的医院上班")):
        await mind.memories.learn(await mind.memories.open(user), extract(text, turn_id="t1"), now=0.0)
    assert [bool(d) for d in [d async for d in drift(mind.memories)]] == [False, False]
    (kept,) = await mind.memories.index.ids("a")
    await mind.memories.index.erase("a", [kept])
    await mind.memories.index.upsert("b", ["mem_of_nobody"], np.ones((1, 64), np.float32))
    apart = {d.user_id: d for d in [d async for d in drift(mind.memories)]}
    assert apart["a"].missing == (kept,) and apart["b"].surplus == ("mem_of_nobody",)
    assert all([d async for d in reindex(mind.memories, nobody)])
    assert not any([d async for d in drift(mind.memories)])
    assert await mind.memories.index.ids("a") == [kept]


async def test_an_index_that_was_thrown_away_is_rebuilt_from_the_ledger(mind: Mind, tmp_path: Path) -> None:
    person = await mind.memories.open("a")
    await mind.memories.learn(person, extract("我叫小雨，我的猫叫团子", turn_id="t1"), now=0.0)
    mind.memories.index = ChromaIndex.embedded(tmp_path / "another", mind.memories.embedder.name, 4)
    assert [d.missing != () async for d in reindex(mind.memories, nobody)] == [True]
    assert sorted(await mind.memories.index.ids("a")) == sorted(m.id for m in person.memories)


async def test_compaction_leaves_no_bytes_of_what_was_erased_and_all_of_the_rest(tmp_path: Path) -> None:
    index, vectors = ChromaIndex.embedded(tmp_path, "e", 2), random_vectors(2400)
    mine, theirs = [f"mine_{n:05d}" for n in range(1200)], [f"theirs_{n:05d}" for n in range(1200)]
    await index.upsert("me", mine, vectors[:1200])
    await index.upsert("them", theirs, vectors[1200:])
    assert holding(tmp_path, b"mine_00007")
    other = ChromaIndex(index._client, "another embedder", 5, tmp_path)
    await other.upsert("me", ["mine_of_old"], vectors[5:6])
    assert await index.erase_person("me") == 1201 and await other.ids("me") == []
    assert (
        holding(tmp_path, b"mine_00007", b"mine_01100", b"mine_of_old", vectors[7].tobytes(), vectors[1100].tobytes())
        == []
    )
    assert await index.ids("me") == [] and sorted(await index.ids("them")) == theirs
    await index.compact()
    await index.upsert("me", ["mine_again"], vectors[:1])
    assert await index.ids("me") == ["mine_again"] and len(await index.ids("them")) == 1200


async def test_no_memory_of_the_process_gets_into_the_files_with_the_erased_in_it(tmp_path: Path) -> None:
    """Chroma begins a segment with memory as it lies there: the vectors just freed. Most rounds did."""
    index = ChromaIndex.embedded(tmp_path, "e", 16)
    for n in range(8):
        vectors = random_vectors(91, seed=n)
        pieces = [row[at : at + 8].tobytes() for row in vectors[:90] for at in (0, 8)]
        await index.upsert(f"gone-{n}", [f"gone_{n}_{k}" for k in range(90)], vectors[:90])
        await index.erase_person(f"gone-{n}")
        assert holding(tmp_path, *pieces) == []
        await index.upsert(f"new-{n}", [f"new_{n}"], vectors[90:])  # begins a shard, or goes on with one
        assert holding(tmp_path, *pieces) == []
        assert await index.ids(f"new-{n}") == [f"new_{n}"]


async def test_what_is_overwritten_are_no_vectors(tmp_path: Path) -> None:
    """More than Chroma keeps in its log: the rest are in the files that are cleaned, and are read from there."""
    from chromadb.api.shared_system_client import SharedSystemClient

    vectors = random_vectors(1500)
    index = ChromaIndex.embedded(tmp_path, "e", 1)
    await index.upsert("me", [f"m{n}" for n in range(1500)], vectors)
    await index.compact()
    SharedSystemClient.clear_system_cache()  # as after a restart
    again = ChromaIndex.embedded(tmp_path, "e", 1)
    (name,) = [one.name for one in again._client.list_collections()]
    collection = again._client.get_collection(name, embedding_function=None)
    found = collection.query(query_embeddings=vectors[::100], n_results=1)
    assert [ids[0] for ids in found["ids"]] == [f"m{n}" for n in range(0, 1500, 100)]
    assert np.allclose(found["distances"], 0)


def test_files_of_a_format_that_is_not_known_are_left_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "header.bin").write_bytes(bytes([2]) + bytes(99))
    (tmp_path / "data_level0.bin").write_bytes(b"vectors")
    with pytest.raises(IndexFilesError, match=r"constraints\.txt"):
        blank(tmp_path)
    assert (tmp_path / "data_level0.bin").read_bytes() == b"vectors"


async def test_the_index_knows_nobody_by_their_id(tmp_path: Path) -> None:
    index = ChromaIndex.embedded(tmp_path, "e", 2)
    await index.upsert("a-rare-user-id", ["m1"], random_vectors(1))
    assert holding(tmp_path, b"a-rare-user-id") == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real `chroma run`."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma-server")
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def test_a_server_holds_the_same_as_the_embedded_one(server: int, tmp_path: Path) -> None:
    vectors = random_vectors(3)
    for index in (ChromaIndex.server("127.0.0.1", server, "e", 2), ChromaIndex.embedded(tmp_path, "e", 2)):
        await index.upsert("a", ["m1", "m2"], vectors[:2])
        await index.upsert("b", ["m3"], vectors[2:])
        await index.erase("a", ["m1"])
        await index.compact()
        assert (await index.ids("a"), await index.ids("b")) == (["m2"], ["m3"])
