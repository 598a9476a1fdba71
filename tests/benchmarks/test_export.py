"""The benchmark of exports, over few people: that it measures what it says."""

from __future__ import annotations

from benchmarks.export import run


def test_an_export_of_made_up_people_is_measured() -> None:
    result = run(turns=6000)
    assert result.value is not None and result.value > 50
    detail = result.detail
    assert detail["turns"] == detail["rows_turns"] and 1000 < int(str(detail["turns"])) <= 6000  # few are suppressed
    assert float(str(detail["turns_written_per_s"])) > 0 and float(str(detail["package_s"])) > 0
