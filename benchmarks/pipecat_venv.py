"""pipecat in a venv of its own, made at first use: it is no dependency of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.local_server import Running, serving
from benchmarks.places import CACHE, ROOT
from companion.errors import CompanionError

_PACKAGES = ("pipecat-ai==1.14.0", "fastapi", "uvicorn", "websockets")


def python() -> Path | None:
    """The Python of that venv, None when it cannot be had; what is done, and why not, goes to stderr."""
    venv = CACHE / "pipecat"
    found, ready = venv / "bin" / "python", venv / ".ready"
    if ready.exists() and ready.read_text() == _PACKAGES[0]:
        return found
    say(f"making a venv of its own for {_PACKAGES[0]} in {venv} (about 630 MB, once)")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, stdout=sys.stderr)
        subprocess.run([str(found), "-m", "pip", "install", "-q", *_PACKAGES], check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"pipecat could not be installed ({type(error).__name__}): measuring without the peer")
        return None
    ready.write_text(_PACKAGES[0])
    return found


@contextmanager
def running(folder: Path, *arguments: str, core: int | None = None, vad: bool = False) -> Iterator[Running | None]:
    """peers/pipecat_server.py with these arguments, its log in `folder`, on one core where that is named, with its own
    VAD or without; None where there is no pipecat."""
    own = python()
    with ExitStack() as stack:
        server: Running | None = None
        if own is not None:
            alone = () if core is None else ("taskset", "-c", str(core))
            command = (*alone, str(own), str(ROOT / "benchmarks" / "peers" / "pipecat_server.py"), *arguments)
            try:
                env = {**os.environ, "PIPECAT_VAD": "1" if vad else ""}
                server = stack.enter_context(serving(command, folder / "pipecat.log", env=env, start_s=120))
            except CompanionError as error:
                say(str(error))
        yield server


def say(text: str) -> None:
    """Tell whoever watches; stdout belongs to the result."""
    print(text, file=sys.stderr, flush=True)
