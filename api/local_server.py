"""A server in a process of its own, on a free loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from companion.errors import CompanionError

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. url: http://127.0.0.1:PORT."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """User and system time it has used so far (proc(5): fields 14 and 15 of stat)."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(
    command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, start_s: float = 60.0
) -> Iterator[Running]:
    """Run `command` with a free loopback port as its last word until the block ends; at the yield it answers /health.

    Raises CompanionError with the end of its log when it does not start within start_s.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as out:
        process = subprocess.Popen([*command, str(port)], stdout=out, stderr=subprocess.STDOUT, cwd=_ROOT, env=env)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, log, start_s)
        yield Running(url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path, start_s: float) -> None:
    until = time.monotonic() + start_s
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", timeout=2.0).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise CompanionError(f"{log.stem} did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
