"""A server over people who never were, and staff of each role beside it."""

from __future__ import annotations

import time
from typing import Any

from api.staff import Access
from companion.seeding.writing import Amount, seed


async def filled(server: Any, desk: Access, sessions: int = 60, turns: int = 600, people: int = 6) -> None:
    """Seed the server's records, as of now."""
    days = server.engine.settings.consent.audio_days
    amount = Amount(sessions, turns, people)
    await seed(server.engine.records, desk.accounts, desk.audit, amount, time.time(), audio_days=days)


async def pages(http: Any, path: str, limit: int, **params: Any) -> list[dict[str, Any]]:
    """All of a list, page by page; no page is longer than asked for."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"limit": limit, **params} | ({} if cursor is None else {"cursor": cursor})
        answer = await http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found
