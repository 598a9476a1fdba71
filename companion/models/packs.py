"""Model packs: what there is (manifest.json), and where it lies once it is here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from companion.errors import ModelUnavailable
from companion.settings import Models

_PREFIX = "pack:"


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack. size: bytes, None when the manifest does not say."""

    name: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """One model. hub: repository and revision; mirror: packages that carry it as files, and their version."""

    name: str
    purpose: str
    licence: str
    files: tuple[PackFile, ...]
    hub: Mapping[str, str]
    mirror_packages: tuple[str, ...]
    mirror_version: str
    convert: str | None = None

    @property
    def size(self) -> int:
        """Bytes to fetch, as far as the manifest says."""
        return sum(f.size or 0 for f in self.files)


@cache
def load_manifest() -> dict[str, Pack]:
    """All packs by name."""
    entries = json.loads(files("companion.models").joinpath("manifest.json").read_text("utf-8"))["packs"]
    return {entry["name"]: _pack(entry) for entry in entries}


def _pack(entry: dict[str, object]) -> Pack:
    mirror: dict[str, object] = entry.get("mirror", {})  # type: ignore[assignment]
    packages: list[str] = []
    for pattern in mirror.get("packages", []):  # type: ignore[attr-defined]
        counted = re.fullmatch(r"(.*)\{(\d+)\.\.(\d+)\}", pattern)
        packages += [f"{counted[1]}{n}" for n in range(int(counted[2]), int(counted[3]) + 1)] if counted else [pattern]
    return Pack(
        name=str(entry["name"]),
        purpose=str(entry["purpose"]),
        licence=str(entry["licence"]),
        files=tuple(PackFile(**f) for f in entry["files"]),  # type: ignore[attr-defined]
        hub=entry.get("hub", {}),  # type: ignore[arg-type]
        mirror_packages=tuple(packages),
        mirror_version=str(mirror.get("version", "")),
        convert=entry.get("convert"),  # type: ignore[arg-type]
    )


class PackStore:
    """The cache of packs: one folder a pack, and beside a pack that is converted, NAME.converted."""

    def __init__(self, settings: Models, manifest: Mapping[str, Pack] | None = None) -> None:
        self.settings = settings
        self.cache = settings.cache.expanduser()
        self.manifest = load_manifest() if manifest is None else manifest

    def pack(self, name: str) -> Pack:
        """A pack by name. Raises ModelUnavailable."""
        if name not in self.manifest:
            known = ", ".join(sorted(self.manifest))
            raise ModelUnavailable(f"there is no model pack {name!r}; known: {known}")
        return self.manifest[name]

    def folder(self, pack: Pack) -> Path:
        """Where the files of a pack lie."""
        return self.cache / pack.name

    def path(self, name: str) -> Path:
        """What a backend loads: the converted folder, the only file, or the folder. Raises ModelUnavailable."""
        pack = self.pack(name)
        folder = self.folder(pack)
        if pack.convert:
            converted = self.cache / f"{name}.converted"
            if converted.is_dir():
                return converted
        elif all((folder / f.name).is_file() for f in pack.files):
            return folder / pack.files[0].name if len(pack.files) == 1 else folder
        raise ModelUnavailable(
            f"the model pack {name!r} ({pack.purpose}) is not in {self.cache}: run `companion models fetch {name}`, "
            f"or point to a model or endpoint of your own (COMPANION_SPEECH__MODEL, COMPANION_CHAT__BACKEND=openai "
            f"with COMPANION_CHAT__BASE_URL)"
        )

    def ready(self, name: str) -> bool:
        """Whether `path` would answer."""
        try:
            self.path(name)
        except ModelUnavailable:
            return False
        return True

    def locate(self, model: str) -> Path:
        """ "pack:NAME" or a path -> what a backend loads. Raises ModelUnavailable."""
        if model.startswith(_PREFIX):
            return self.path(model.removeprefix(_PREFIX))
        path = Path(model).expanduser()
        if not path.exists():
            raise ModelUnavailable(
                f"{model!r} is neither a path that exists nor a pack: give an existing directory or file, or one of "
                + ", ".join(f"{_PREFIX}{name}" for name in sorted(self.manifest))
            )
        return path

    def wrong_files(self, name: str) -> list[str]:
        """Names of files of a pack that are missing or whose sha256 is not the manifest's."""
        pack = self.pack(name)
        return [f.name for f in pack.files if not matches(self.folder(pack) / f.name, f)]


def matches(path: Path, wanted: PackFile) -> bool:
    """Whether the file is there with the right size and sha256."""
    if not path.is_file() or (wanted.size is not None and path.stat().st_size != wanted.size):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
