"""Labels: what can be asked and answered, that reviewers are independent, and what a supervisor settles."""

from pathlib import Path

import pytest

from companion.errors import InputError
from companion.records.repository import Records
from companion.review.labels import Definition, Labels, Unit, check, fits
from tests.companion.records.staffing import NOW, access, hire

SCALE = Definition(name="distress", title_zh="痛苦", title_en="Distress", kind="scale", values=(1, 2, 3))
FLAG = Definition(name="helps", title_zh="有用", title_en="Helps", kind="flag")
CHOICE = Definition(
    name="course", title_zh="走向", title_en="Course", kind="choice", values=("好转", "变差"), per="session"
)
STAFF: dict[str, str] = {}  # name -> id
TURN = Unit("item_1", "s1", "xiaoyu", "turn")


def test_what_can_be_asked() -> None:
    check([SCALE, FLAG, CHOICE])
    for wrong, why in (
        ([SCALE, SCALE], "same name"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="flag", values=(1,))], "no values"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="scale", values=(1,))], "2 to 20"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="scale", values=(2, 1))], "upwards"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="scale", values=(True, 2))], "whole numbers"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="choice", values=("x", "x"))], "different"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="choice", values=("x", "y" * 65))], "1 to 64"),
        ([Definition(name="a", title_zh="a", title_en="a", kind="choice", values=("x", "a\nb"))], "names"),
    ):
        with pytest.raises(InputError, match=why) as refused:
            check(wrong)
        assert refused.value.code == "invalid_schema"


def test_what_is_an_answer() -> None:
    assert [fits(SCALE, value) for value in (1, 3, 4, True, "1")] == [True, True, False, False, False]
    assert [fits(FLAG, value) for value in (True, False, 1, 0, "yes")] == [True, True, False, False, False]
    assert [fits(CHOICE, value) for value in ("好转", "其它", 1, False)] == [True, False, False, False]


async def _ready(records: Records, folder: Path) -> Labels:
    await records.start_session("s1", "xiaoyu", NOW)
    desk = access(records, folder)
    for name in ("ann", "ben", "sue"):
        STAFF[name] = (await hire(desk, name)).staff_id
    labels = Labels(records.store, desk.audit)
    await labels.define("sue", [SCALE, FLAG, CHOICE], NOW)
    return labels


async def _say(labels: Labels, records: Records, who: str, value: object, name: str = "distress", **how: bool) -> None:
    work = await labels.answered(TURN, STAFF[who], name, value, NOW, elder=how.get("elder", False))
    await records.store.transaction(work)


async def test_nobody_sees_an_answer_before_they_gave_theirs(records: Records, tmp_path: Path) -> None:
    labels = await _ready(records, tmp_path)
    await _say(labels, records, "ann", 1)
    unseen = (await labels.of(["item_1"], STAFF["ben"], elder=False))["item_1"]
    assert (unseen.labels, unseen.hidden, unseen.disputed) == ([], 1, [])
    assert (await labels.of(["item_1"], STAFF["sue"], elder=True))[
        "item_1"
    ].hidden == 1  # one answer is nothing to settle
    await _say(labels, records, "ann", 2)  # nobody can have seen it
    await _say(labels, records, "ben", 3)
    for who in ("ann", "ben"):
        shown = (await labels.of(["item_1"], STAFF[who], elder=False))["item_1"]
        assert sorted((label.by[1], label.value) for label in shown.labels) == [("ann", 2), ("ben", 3)]
        assert shown.disputed == ["distress"]
    for who, elder in (("ann", False), ("sue", True)):  # both have seen what others said
        with pytest.raises(InputError) as refused:
            await _say(labels, records, who, 1, elder=elder)
        assert refused.value.code == "label_final"


async def test_only_a_disagreement_is_settled(records: Records, tmp_path: Path) -> None:
    labels = await _ready(records, tmp_path)

    async def settle(value: object) -> None:
        await records.store.transaction(await labels.adjudicated(TURN, STAFF["sue"], "distress", value, NOW + 1))

    await _say(labels, records, "ann", 2)
    with pytest.raises(InputError) as refused:
        await settle(2)
    assert refused.value.code == "not_disputed"
    await _say(labels, records, "ben", 3)
    await settle(3)
    await settle(2)  # on second thoughts
    shown = (await labels.of(["item_1"], STAFF["sue"], elder=True))["item_1"]
    assert sorted((label.adjudicated, label.value) for label in shown.labels) == [(False, 2), (False, 3), (True, 2)]
    assert shown.disputed == []
    answers = await labels.answers("distress", 1, people=None, since=None, until=None)
    assert answers == [{STAFF["ann"]: 2, STAFF["ben"]: 3}]  # agreement is of reviewers, not of who settled it
    assert await labels.answers("distress", 1, people=frozenset(), since=None, until=None) == []
    assert await labels.answers("distress", 1, people=None, since=NOW + 1, until=None) == []


async def test_a_new_schema_keeps_what_was_said_under_the_old_one(records: Records, tmp_path: Path) -> None:
    labels = await _ready(records, tmp_path)
    await _say(labels, records, "ann", 2)
    wider = Definition(name="distress", title_zh="痛苦", title_en="Distress", kind="scale", values=(1, 2, 3, 4, 5))
    assert (await labels.define("sue", [wider], NOW)).version == 2
    assert await labels.of(["item_1"], STAFF["ann"], elder=False) == {}
    await _say(labels, records, "ann", 5)
    assert (await labels.schema(1)).labels[0].values == [1, 2, 3]
    assert await labels.answers("distress", 1, people=None, since=None, until=None) == [{STAFF["ann"]: 2}]
    for name, value, code in (("helps", True, "invalid_label"), ("distress", 6, "invalid_label")):
        with pytest.raises(InputError) as refused:
            await _say(labels, records, "ben", value, name)
        assert refused.value.code == code
    with pytest.raises(InputError, match="asked of a turn"):
        await labels.answered(TURN, "ben", "course", "好转", NOW, elder=False)
    with pytest.raises(InputError) as missing:
        await labels.schema(3)
    assert missing.value.code == "not_found"
