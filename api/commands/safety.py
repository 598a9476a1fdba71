"""`companion safety report | numbers`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from companion.safety.resources import Resource


@click.group()
def safety() -> None:
    """What was counted over a year, and the numbers that people are given."""


@safety.command()
@click.option("--year", type=click.IntRange(2000, 9998), required=True, help="UTC, from its first day to its last.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def report(year: int, as_json: bool) -> None:
    """How often each thing happened in a year: counts of days, with nobody's name, words, session or hour."""
    found = asyncio.run(_report(year))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"{found['from']} to {found['until']}, UTC; region {found['region'] or 'unknown'}")
    for name, each in found["counts"].items():
        click.echo(f"{each['n']:>10}  {name:<22}{each['means']}")


@safety.command()
@click.option("--region", default=None, help="ISO 3166; without it, all regions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--strict", is_flag=True, help="Exit with 1 where one that is shown was not checked lately.")
def numbers(region: str | None, as_json: bool, strict: bool) -> None:
    """Whom people are told to call, and when somebody last checked that it is right (resources.toml)."""
    from companion.errors import InputError
    from companion.safety.resources import STALE_DAYS, everything, region_of, stale

    shown = list(everything().values())
    if region is not None:
        served = region_of(region)
        shown = [one for one in shown if one.region == served]
        if served == "*" and region.strip() != "*":
            raise InputError("no number is known for this region: add it to companion/safety/resources.toml")
    old = set(stale(time.time())) & {one.id for one in shown if one.number or one.url}
    for one in shown:
        click.echo(
            json.dumps(_as_json(one, one.id in old), ensure_ascii=False) if as_json else _line(one, one.id in old)
        )
    unchecked, countable = len(old), sum(bool(one.number or one.url) for one in shown)
    if not as_json:
        click.echo(f"{unchecked} of {countable} were not checked in the last {STALE_DAYS} days; call or look them up,")
        click.echo("then write verified_on and the source into companion/safety/resources.toml")
    if strict and unchecked:
        sys.exit(1)


async def _report(year: int) -> dict[str, Any]:
    from companion.records.counters import Counters
    from companion.records.repository import open_records
    from companion.safety.counters import COUNTERS
    from companion.settings import Settings

    settings = Settings()
    since, until = (datetime(each, 1, 1, tzinfo=UTC) for each in (year, year + 1))
    async with open_records(settings) as records:
        counted = await Counters(records.store).totals(since.timestamp(), until.timestamp())
    names = [*COUNTERS, *(name for name in sorted(counted) if name not in COUNTERS)]
    return {
        "year": year,
        "from": since.date().isoformat(),
        "until": datetime(year, 12, 31, tzinfo=UTC).date().isoformat(),
        "region": settings.safety.region,
        "detection": "levels 0-4 after the questions of the Columbia screener (C-SSRS); see docs/safety.md",
        "counts": {name: {"n": counted.get(name, 0), "means": COUNTERS.get(name, "")} for name in names},
    }


def _as_json(one: Resource, old: bool) -> dict[str, Any]:
    checked = None if one.verified_on is None else one.verified_on.isoformat()
    return {
        "region": one.region,
        "id": one.id,
        "number": one.number or None,
        "url": one.url or None,
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "roles": list(one.roles),
        "verified_on": checked,
        "state": _state(one, old),
        "source": one.source,
    }


def _line(one: Resource, old: bool) -> str:
    checked = "-" if one.verified_on is None else one.verified_on.isoformat()
    told = one.number or one.url or "-"
    return f"{one.region:<3} {told:<16} {checked:<10} {_state(one, old):<10} {one.name_en} ({', '.join(one.roles)})"


def _state(one: Resource, old: bool) -> str:
    if not one.number and not one.url:
        return "advice"
    return "unverified" if one.verified_on is None else "stale" if old else "verified"
