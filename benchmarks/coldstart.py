"""How long `import companion` takes, beside `import litestar`: both in fresh processes, less an empty one."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.places import ROOT
from benchmarks.result import Result

_GOAL_S = 0.2


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    return time.perf_counter() - started


def run(n: int = 9) -> Result:
    """Interleaved; medians over the empty process."""
    rounds = [[_seconds(code) for code in ("pass", "import companion", "import litestar")] for _ in range(n)]
    empty, ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    value = max(0.0, ours - empty)
    return Result("import", value, "s", "import litestar", theirs - empty, "<= 0.2", value <= _GOAL_S, n)
