"""`companion bench`."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from companion.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parents[2]
# name -> module of benchmarks/
_MODULES = {
    "affect": "affect",
    "affect-turn": "affect_turn",
    "barge-in": "barge_in",
    "chaos": "chaos",
    "chaos-replicas": "chaos_replicas",
    "desk": "desk",
    "endpointing": "endpointing",
    "export": "export",
    "import": "coldstart",
    "overlap": "overlap",
    "prompt": "prompt",
    "recall": "recall",
    "reply": "reply",
    "sessions": "sessions",
    "soak": "soak",
    "turn": "turn",
    "vad": "vad",
}
NAMES = tuple(_MODULES)
_LONG = ("soak",)  # not among those that --docs runs; --minutes is theirs


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Name the benchmarks.")
@click.option("--json", "as_json", is_flag=True, help="Only the JSON line.")
@click.option("--docs", is_flag=True, help="Run all but soak and write docs/performance.md.")
@click.option("--minutes", type=click.FloatRange(0.1), help="How long soak takes.")
def bench(name: str | None, listed: bool, as_json: bool, docs: bool, minutes: float | None) -> None:
    """Measure a part side by side with a named peer."""
    if listed:
        click.echo("\n".join(NAMES))
    elif docs:
        lines = []
        for each in [name for name in NAMES if name not in _LONG]:
            lines.append(measure(each))
            click.echo(json.dumps(lines[-1], ensure_ascii=False))
        target = _ROOT / "docs" / "performance.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(page(lines, time.strftime("%Y-%m-%d")), "utf-8")
        click.echo(f"wrote {target}")
    elif name in NAMES:
        if minutes is not None and name not in _LONG:
            raise click.UsageError(f"--minutes is for {', '.join(_LONG)}")
        line = measure(name, **({} if minutes is None else {"minutes": minutes}))
        if not as_json:
            click.echo(
                f"{name}: {line['value']} {line['unit']}; {line['peer']}: {line['peer_value']}; goal {line['goal']}"
            )
        click.echo(json.dumps(line, ensure_ascii=False))
    else:
        raise click.UsageError(f"name one of {', '.join(NAMES)}, or --list, or --docs")


def measure(name: str, **options: float) -> dict[str, Any]:
    """Run one benchmark of the checkout; its JSON line. options: of its `run`."""
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    try:
        module = import_module(f"benchmarks.{_MODULES[name]}")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("benchmarks"):
            raise
        raise ConfigurationError("benchmarks/ is not there: run from a checkout") from None
    line: dict[str, Any] = module.run(**options).line()
    return line


def page(lines: list[dict[str, Any]], date: str) -> str:
    """docs/performance.md from the lines of a run."""
    head = (
        "# Performance\n\nWritten by `companion bench --docs` on "
        f"{date}, on two noisy cores: read the ratios.\n\n"
        "| part | value | peer | peer's value | value / peer | goal | met | n |\n|---|---|---|---|---|---|---|---|\n"
    )
    rows = (
        f"| {x['name']} | {x['value']} {x['unit']} | {x['peer']} | {x['peer_value']} | {x['ratio']} | {x['goal']} | "
        f"{'yes' if x['met'] else 'no'} | {x['n']} |\n"
        for x in lines
    )
    further = (f"- {x['name']}: {_further(x['detail'])}\n" for x in lines if x.get("detail"))
    return head + "".join(rows) + "\nFurther figures of the same runs:\n\n" + "".join(further)


def _further(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in detail.items())
