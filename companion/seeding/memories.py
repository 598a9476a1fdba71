"""What would be remembered of people who never were."""

from __future__ import annotations

import json
from dataclasses import asdict
from random import Random
from typing import Any

import numpy as np

from companion.records.crypto import KeyRing
from companion.seeding.talk import Person, lines
from memory.types import Felt

EMBEDDER = "seeded"  # no real one: whoever opens the person makes vectors of their own


def memory_rows(
    ring: KeyRing, who: Person, rng: Random, since: float, now: float
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Rows of `MemoryRow`, and id and text of those that hold. Their key must be loaded. since, now: unix s.

    Where a kind has a key, a later one takes the place of an earlier.
    """
    rows, holding = list[dict[str, Any]](), list[tuple[str, str]]()
    for kind in lines()["memory"]:
        texts = list(kind[who.language]) if kind["key"] else [rng.choice(kind[who.language])]
        if kind["key"]:
            texts = texts[: rng.randrange(1, len(texts) + 1)]
        at = sorted(rng.uniform(since, now) for _ in texts)
        ids = [f"mem_{rng.getrandbits(128):032x}" for _ in texts]
        for number, (memory_id, text) in enumerate(zip(ids, texts, strict=True)):
            text = text.format(city=rng.choice(lines()["places"][who.language]))
            ended = number + 1 < len(ids)
            if not ended:
                holding.append((memory_id, text))
            felt = Felt(round(rng.uniform(-0.6, 0.4), 2), 0.0, 0.4)
            body = {"text": text, "felt": asdict(felt), "slot": None, "claim": None, "about": None}
            rows.append(
                {
                    "id": memory_id,
                    "user_id": who.id,
                    "kind": kind["kind"],
                    "sealed": ring.seal(who.id, json.dumps({**body, "sensitivity": "ordinary"}, ensure_ascii=False)),
                    "session_id": f"{who.id}-0000",
                    "evidence": [f"{who.id}-0000-0000"],
                    "learned_at": at[number],
                    "valid_from": at[number],
                    "valid_to": at[number + 1] if ended else None,
                    "superseded_by": ids[number + 1] if ended else None,
                    "confidence": 0.8,
                    "salience": 0.5,
                    "source": "rules",
                    "recalls": rng.randrange(5),
                    "last_recalled": None,
                    "language": who.language,
                    "embedder": EMBEDDER,
                    "vector": np.zeros(1, np.float32).tobytes(),
                }
            )
    return rows, holding
