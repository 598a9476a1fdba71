"""Bands hide what is within them, and say unknown where they do not know."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import InputError
from companion.research.disclosure.bands import AGE_BANDS, UNKNOWN, age_band, coarse, province, week


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "<14"), (13, "<14"), (14, "14-17"), (17, "14-17"), (18, "18-24"), (24, "18-24"), (25, "25-34"),
        (64, "55-64"), (65, "65+"), (104, "65+"), (None, UNKNOWN), (-1, UNKNOWN), (131, UNKNOWN),
    ],
)  # fmt: skip
def test_ages(age: int | None, band: str) -> None:
    assert age_band(age) == band


@given(st.integers(0, 129))
def test_bands_are_in_order(age: int) -> None:
    assert AGE_BANDS.index(age_band(age)) <= AGE_BANDS.index(age_band(age + 1))


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ("北京市海淀区中关村大街1号", "北京"), ("上海市南京西路", "上海"), ("广州北京路", "广东"), ("南京路", UNKNOWN),
        ("陕西省西安市", "陕西"), ("山西太原", "山西"), ("吉林长春", "吉林"), ("内蒙古自治区包头市", "内蒙古"),
        ("新疆维吾尔自治区", "新疆"), ("大理", "云南"), ("苏州", "江苏"), ("常德", "湖南"), ("德州市", "山东"),
        ("Hangzhou, Zhejiang", "浙江"), ("HONG KONG", "香港"), ("Shanxi", "山西"), ("Xi'an", "陕西"),
        ("London", UNKNOWN), ("美国加州", UNKNOWN), ("my grandma's", UNKNOWN), ("", UNKNOWN), (None, UNKNOWN),
        ("海南省三亚", "海南"), ("青海南部", "青海"), ("安徽六安", "安徽"), ("Macaroni street", UNKNOWN),
    ],
)  # fmt: skip
def test_provinces(place: str | None, unit: str) -> None:
    assert province(place) == unit


def test_every_province_is_known_by_its_own_name() -> None:
    units = (
        "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 "
        "广东 广西 海南 重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 台湾 香港 澳门"
    )
    assert [unit for unit in units.split() if province(unit) != unit or province(f"我在{unit}上班") != unit] == []
    assert len(units.split()) == 34


@pytest.mark.parametrize(
    ("value", "step", "near"),
    [
        (0.31, 0.2, 0.4), (0.29, 0.2, 0.2), (-0.31, 0.2, -0.4), (0.1, 0.2, 0.2), (-0.1, 0.2, -0.2), (0.05, 0.2, 0.0),
        (1.0, 0.2, 1.0), (-1.7, 0.2, -1.0), (0.99, 0.3, 0.9), (0.26, 0.1, 0.3), (0.4, 2.0, 0.0), (None, 0.2, None),
        (math.nan, 0.2, None),
    ],
)  # fmt: skip
def test_affect(value: float | None, step: float, near: float | None) -> None:
    assert coarse(value, step) == near


@given(st.floats(-1, 1), st.sampled_from([0.1, 0.2, 0.25, 0.3, 0.5, 1.0]))
def test_affect_has_few_values(value: float, step: float) -> None:
    near = coarse(value, step)
    assert near is not None and abs(near) <= 1 and coarse(near, step) == near == -(coarse(-value, step) or 0.0)
    assert math.copysign(1, near) == 1 or near < 0  # no -0.0
    assert abs(near - value) <= step / 2 + 1e-6 or abs(value) > math.floor(1 / step) * step


def test_a_step_that_divides_nothing() -> None:
    for step in (0.0, -0.2, 3.0, math.nan):
        with pytest.raises(InputError, match="step"):
            coarse(0.5, step)


def test_weeks_are_of_the_place_and_of_the_shifted_calendar() -> None:
    sunday = datetime(2026, 11, 29, 20, 0, tzinfo=UTC).timestamp()
    assert week(sunday, 0, UTC) == "2026-W48"
    assert week(sunday, 0, timezone(timedelta(hours=8))) == "2026-W49"
    assert week(sunday, -7, UTC) == "2026-W47" and week(sunday, 364, UTC) == "2027-W47"
    assert week(datetime(2027, 1, 1, tzinfo=UTC).timestamp(), 0, UTC) == "2026-W53"


@given(st.floats(0, 4e9), st.integers(-52, 52))
def test_whole_weeks_move_weeks(at: float, weeks: int) -> None:
    assert week(at, 7 * weeks, UTC) == week(at + 7 * 86_400 * weeks, 0, UTC) or at + 7 * 86_400 * weeks < 0
