"""`companion doctor`: what is there, what is missing, and the command that mends it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

import click

from api.commands.models import needed
from companion.backends import GROUPS, installed
from companion.errors import CompanionError
from companion.models.packs import PackStore
from companion.records import database
from companion.records.repository import open_records
from companion.settings import Settings
from memory.outbox import Backlog, Outbox

_PACKAGES = ("torch", "funasr", "openai-whisper", "kaldi-native-fbank", "transformers", "xllamacpp", "silero-vad",
             "litestar", "websockets", "chromadb", "sqlmodel", "alembic")  # fmt: skip
_FREE_GB = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. mend: the command that puts it right, None when it is right."""

    what: str
    state: str
    mend: str | None = None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(as_json: bool) -> None:
    """Look at this installation. Exit code 1 when something that the settings need is missing."""
    findings = list(examine(Settings()))
    for finding in findings:
        if as_json:
            click.echo(json.dumps(asdict(finding)))
        else:
            mark = "ok " if finding.mend is None else "!! "
            click.echo(f"{mark}{finding.what}: {finding.state}" + (f"\n   run: {finding.mend}" if finding.mend else ""))
    if any(finding.mend for finding in findings):
        raise SystemExit(1)


def examine(settings: Settings, version_of: Callable[[str], str] = version) -> Iterator[Finding]:
    """Every finding, in a fixed order."""
    for package in _PACKAGES:
        try:
            yield Finding(package, version_of(package))
        except PackageNotFoundError:
            command = f"pip install -c constraints.txt {'--no-deps ' if package == 'openai-whisper' else ''}{package}"
            yield Finding(package, "not installed", command)
    try:
        found = version_of("torchaudio")
        yield Finding("torchaudio", f"{found} breaks funasr under CPU torch", "pip uninstall -y torchaudio")
    except PackageNotFoundError:
        yield Finding("torchaudio", "absent, as it must be")
    for group in GROUPS:
        yield Finding(group, ", ".join(installed(group)))
    yield from _packs(settings)
    yield from _machine(settings)
    yield _database(settings)
    yield from _outbox(settings)


def _packs(settings: Settings) -> Iterator[Finding]:
    store = PackStore(settings.models)
    for name in needed(settings):
        wrong = store.wrong_files(name)
        if wrong or not store.ready(name):
            state = f"missing or wrong: {', '.join(wrong) or 'conversion'}"
            yield Finding(f"pack {name}", state, f"companion models fetch {name}")
        else:
            yield Finding(f"pack {name}", "here, hashes right")


def _machine(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    mend = f"free {_FREE_GB - free:.1f} GB on the disk of {folder}" if free < _FREE_GB else None
    yield Finding("disk", f"{free:.1f} GB free", mend)
    where = (settings.server.host, settings.server.port)
    with socket.socket() as probe:
        probe.settimeout(1.0)
        taken = probe.connect_ex(where) == 0
    other = f"companion serve --port {settings.server.port + 1}" if taken else None
    yield Finding(f"port {settings.server.port}", "taken" if taken else "free", other)


def _database(settings: Settings) -> Finding:
    async def look() -> None:
        engine = database.create_engine(settings.database_url)
        try:
            await database.require_current(engine)
        finally:
            await engine.dispose()

    try:
        asyncio.run(look())
    except CompanionError as error:
        return Finding("database", str(error), "companion migrate")
    return Finding("database", "at the newest revision")


def _outbox(settings: Settings) -> Iterator[Finding]:
    """Turns that are still to be learnt from; nothing where there is no database yet."""

    async def look() -> Backlog:
        async with open_records(settings) as records:
            return await Outbox(records.store, records.ring).backlog()

    try:
        backlog = asyncio.run(look())
    except CompanionError:
        return
    state = f"{backlog.waiting} turns wait to be learnt from, {backlog.stuck} are stuck"
    yield Finding("memory", state, "companion memory status" if backlog.stuck else None)
