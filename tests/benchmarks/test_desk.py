"""The desk's benchmark at a small size: it asks for what it says it does."""

import pytest

from benchmarks import desk


def test_it_measures_every_page_of_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPANION_TEST_POSTGRES", raising=False)
    monkeypatch.setattr(desk, "_TIMES", 3)
    result = desk.run(sessions=20, turns=4000)
    assert result.met and result.value is not None and 0 < result.value < 150
    measured = {"queue", "sessions", "sessions_filtered", "sessions_deep", "people", "timeline_200"}
    assert {f"sqlite_{name}" for name in measured} <= set(result.detail)
    assert "SQLite only" in str(result.detail["note"])
