"""manifest.json, README.md and croissant.json of a package: what is in it, by which rules, and how to check it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from companion.research.export.card import card
from companion.research.export.croissant import croissant
from companion.research.export.package import FILES, Written, digest, keep
from companion.research.export.request import Request

FORMAT = "companion.export/1"
MANIFEST, CARD, CROISSANT = "manifest.json", "README.md", "croissant.json"
TERMS = "companion-research-terms: see README.md"


@dataclass(frozen=True, slots=True)
class About:
    """What the files say of the export. flags: found, masked, kept; as_of: unix s."""

    name: str
    version: int
    request: Request
    purpose: str
    as_of: float
    recogniser: str
    report: Mapping[str, Any]
    consents: Mapping[str, Mapping[str, int]]
    languages: Sequence[str]
    flags: Mapping[str, int]
    tombstones: Sequence[str]


def describe(folder: Path, about: About, written: Written) -> None:
    """Write the three files beside the data. Raises OSError."""
    request, date = about.request, datetime.fromtimestamp(about.as_of, UTC).date().isoformat()
    data = [
        (one, FILES[one], (folder / FILES[one]).stat().st_size, digest(folder / FILES[one])) for one in request.formats
    ]
    rows: dict[str, int] = {FILES[one]: written.rows[one] for one in request.formats}
    told = (about.name, about.version, request, about.purpose, written, about.languages, about.report)
    keep(folder / CARD, card(*told, len(about.tombstones)))
    keep(folder / CROISSANT, croissant(about.name, about.version, date, TERMS, data))
    for name in (CARD, CROISSANT):
        data.append(("messages", name, (folder / name).stat().st_size, digest(folder / name)))
    manifest = {
        "format": FORMAT,
        "name": about.name,
        "version": about.version,
        "purpose": about.purpose,
        "as_of": date,
        "expires_days": request.expires_days,
        "request": request.to_json(),
        "people": written.people,
        **{key: value for key, value in asdict(written).items() if key in ("dialogues", "turns", "withheld")},
        "files": {
            name: {"bytes": size, "sha256": sha256} | ({"rows": rows[name]} if name in rows else {})
            for _, name, size, sha256 in data
        },
        "recognisers": about.recogniser,
        "surrogates": "realistic" if request.realistic else "marks",
        "k": about.report["k"],
        "l": about.report["l"],
        "epsilon": None,  # rows, no noisy aggregates: nothing of a budget is spent
        "risk": about.report,
        "consents": _coarse(about.consents, request.k),
        "flags": about.flags,
        "leaks": 0,  # else it would not be here
        "tombstones": list(about.tombstones),
    }
    keep(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n")


def _coarse(consents: Mapping[str, Mapping[str, int]], k: int) -> dict[str, dict[str, int | str]]:
    """A version that fewer than k people read is not counted."""
    return {
        purpose: {version: count if count >= k else f"<{k}" for version, count in counts.items()}
        for purpose, counts in consents.items()
    }
