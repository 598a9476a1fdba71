"""pipecat in a venv of its own, made at first use: it is no dependency of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.places import CACHE

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


def say(text: str) -> None:
    """Tell whoever watches; stdout belongs to the result."""
    print(text, file=sys.stderr, flush=True)
