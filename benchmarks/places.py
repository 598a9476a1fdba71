"""Where the checkout lies, and what benchmarks keep between runs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path("~/.cache/companion/bench").expanduser()
