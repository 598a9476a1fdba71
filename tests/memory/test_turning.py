"""What is no longer as it was: told by cues and nearness, and recalled with what became of it."""

from collections.abc import Sequence

import numpy as np
import pytest

from memory.answers import lacks_answer
from memory.concepts import matters
from memory.names import names
from memory.pauses import with_commas
from memory.phrasing import called
from memory.recall import recall
from memory.referents import unknown
from memory.rows import Rows
from memory.turning import tells_a_turn
from memory.types import Memory, MemoryKind

DAY = 86_400.0
TURNS = [
    "咖啡我已经戒了", "影展取消了", "婚礼改到明年五月了", "我跳槽了", "我跟阿萝分开了", 
    "学费我说错了 是两千三", "我想通了 还是去",
    "我决定不考研了", "现在住腾冲", "我居然开始喜欢英语了", "老黑走了", "I quit smoking", 
    "we broke up", "the trip got cancelled",
    "I ended up taking the other job", "I'm not vegetarian anymore",
]  # fmt: skip
NO_TURNS = [
    "我一天得两杯咖啡",
    "我特别喜欢爬山",
    "我的猫叫团子",
    "下周三要面试",
    "I love coffee",
    "my dog is called Max",
    "嗯",
]


def of(said: Sequence[str], vectors: Sequence[Sequence[float]], session: str | None = None) -> Rows:
    rows = np.array(vectors, np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    memories = [
        Memory(
            id=str(n),
            user_id="a",
            kind=MemoryKind.EVENT,
            text=text,
            learned_at=n * DAY,
            valid_from=n * DAY,
            session_id=session,
        )
        for n, text in enumerate(said)
    ]
    return Rows.of(memories, rows)


@pytest.mark.parametrize("text", TURNS)
def test_a_turn_is_told(text: str) -> None:
    assert tells_a_turn(text)


@pytest.mark.parametrize("text", NO_TURNS)
def test_a_plain_fact_is_no_turn(text: str) -> None:
    assert not tells_a_turn(text)


def test_who_asks_after_what_was_gets_what_became_of_it_first() -> None:
    rows = of(["我一天得两杯美式", "我的猫叫团子", "咖啡我已经戒了"], [[1, 0, 0.2], [0, 1, 0], [0.7, 0, 0.7]])
    query = np.array([0.9, 0, 0.1], np.float32) / np.linalg.norm([0.9, 0, 0.1])
    found = recall("给我来杯美式吧", query.astype(np.float32), rows, now=9 * DAY)
    assert [(r.memory.id, r.current) for r in found[:2]] == [("2", True), ("0", False)]
    assert found[0].reasons["since"] > 0


def test_a_turn_of_another_matter_overtakes_nothing() -> None:
    rows = of(["我的猫叫团子", "咖啡我已经戒了"], [[0, 1, 0], [1, 0, 0]])
    found = recall("我的猫呢", np.array([0, 1, 0], np.float32), rows, now=9 * DAY)
    assert found and found[0].memory.id == "0" and found[0].current


def test_forgetting_the_turn_gives_the_older_one_back() -> None:
    rows = of(["我一天得两杯美式", "咖啡我已经戒了"], [[1, 0, 0.2], [0.8, 0, 0.6]])
    query = np.array([1, 0, 0], np.float32)
    assert [r.current for r in recall("美式", query, rows, now=9 * DAY) if r.memory.id == "0"] == [False]
    assert [r.current for r in recall("美式", query, rows.without(["1"]), now=9 * DAY)] == [True]


@pytest.mark.parametrize(
    ("query", "found", "lacks"),
    [
        ("我老丈人今年多大岁数", ["老丈人说我惯孩子"], True),
        ("我老丈人今年多大岁数", ["我老婆她爸，就是我老丈人，七十岁了，我爸六十"], False),
        ("我弟上哪个大学来着", ["我妹在成都读大学"], True),
        ("我弟上哪个大学来着", ["我弟考上川大了，是个不错的大学"], False),
        ("我爸在哪家单位上班", ["我爸破天荒给我转了五十"], True),
        ("学做面包花了多少钱", ["我报了个烘焙课"], True),
        ("学做面包花了多少钱", ["学费三千二百块"], False),
        ("how old is my sister", ["my sister called"], True),
        ("周末又想去爬那座山了", ["山"], False),
        ("我妈最近怎么样", ["我爸回来了"], False),  # no kind of answer is asked for
        ("老孟的儿子在哪儿", ["老孟提着水果来看我", "我儿子在上海"], True),  # of that one, not of one's own
        ("老孟的儿子在哪儿", ["老孟提着水果来看我", "他儿子也在上海"], False),
        ("阿凯老家是哪里的", ["室友叫阿凯", "我老家是衡阳的"], True),
        ("阿凯老家是哪里的", ["室友叫阿凯", "他老家是衡阳的"], False),
        ("我孙女几岁了", ["孙女叫田果果 可爱", "昨天下雨", "果果六岁了"], False),  # by her name
        ("我孙女几岁了", ["孙女叫田果果 可爱", "昨天下雨", "我六十岁了"], True),
        ("我女朋友的猫叫什么", ["我女朋友小雨是护士", "今天好累", "小雨的猫叫豆包"], False),
        ("我的猫叫什么名字", ["我叫苏敏", "我的猫特别能吃"], True),
        ("我是干什么工作的", ["我爸是医生", "公司做跨境电商的"], False),
        ("which hospital did I go to", ["mum is in hospital in Leeds", "I hurt my wrist"], True),
        ("which hospital did I go to", ["I was at the hospital in Leeds with my wrist"], False),
        ("what's the name of Isla's school?", ["my daughter, Isla, is nine", "I was in Leeds"], True),
        ("what's the name of Isla's school?", ["my daughter, Isla, goes to Elm Park School"], False),
        ("她是做什么的", ["我爸回来了"], False),  # somebody named before: that is not known here
    ],
)
def test_a_question_is_not_answered_by_what_cannot_hold_its_answer(query: str, found: list[str], lacks: bool) -> None:
    rows = of(found, [[1, 0, 0]] * len(found), session="s")
    assert lacks_answer(query, rows, range(len(found))) is lacks


@pytest.mark.parametrize(
    ("query", "found", "is_unknown"),
    [
        ("我弟弟找到工作没", ["我哥在找工作", "工作压力大"], False),  # of brothers something is known
        ("我弟弟找到工作没", ["同事在找工作", "徒弟挺好"], False),
        ("我弟弟找到工作没", ["同事在找工作"], True),
        ("我家的狗呢", ["我养了只柯基"], False),
        ("我家的狗呢", ["我养了只猫"], True),
        ("is my cat still limping?", ["I hurt my knee"], True),
        ("is my cat still limping?", ["the kitten has a bad paw"], False),
        ("我儿子上几年级", ["老大上初中了"], False),
        ("工作怎么样", ["我养了只猫"], False),  # of nobody
    ],
)
def test_who_never_came_up_is_not_known(query: str, found: list[str], is_unknown: bool) -> None:
    assert unknown(query, of(found, [[1, 0, 0]] * len(found))) is is_unknown


def test_names_that_are_given_to_people_and_animals() -> None:
    assert names("我的猫叫团子，特别能吃") == {"团子"} and names("孙女叫田果果 今年六岁") == {"田果果", "果果"}
    assert names("昨天跟老孟和邱阿姨下棋") == {"老孟", "邱阿姨"} and names("my son Sam is fourteen") == {"Sam"}
    assert names("我叫苏敏") == names("老师说小区停水了") == names("爸爸妈妈天天吵") == set()


def test_matters_join_words_that_share_nothing_and_leave_english_alone() -> None:
    assert set(matters("我那把琴")) & set(matters("吉他换了新弦"))
    assert set(matters("在哪天办酒席")) & set(matters("我们婚期定了"))
    assert not set(matters("我的猫叫团子")) & set(matters("下周三要面试"))
    assert matters("the wedding is in may") == [] and matters("") == []


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        ("我住杭州 滨江这边 租的一个小单间", "我住杭州，滨江这边，租的一个小单间"),
        ("我 住 在 杭 州", "我 住 在 杭 州"),
        ("我住杭州，滨江 这边", "我住杭州，滨江 这边"),
        ("I live in Paris", "I live in Paris"),
        ("", ""),
    ],
)
def test_pauses_of_a_recogniser_part_clauses(heard: str, read: str) -> None:
    assert with_commas(heard) == read and len(read) == len(heard)


def test_who_is_called_by_name() -> None:
    assert called("Hey Tom! It's been ages, right?") == {"Tom"}
    assert called("I went to Paris with Tom yesterday") == set()


def test_who_asks_after_something_that_is_not_known_is_told_nothing_of_other_things() -> None:
    rows = of(["我搬家了", "最近工作压力特别大"], [[1, 0.2, 0], [0, 1, 0.2]])
    far = np.array([0.3, 0.3, 0.9], np.float32)
    assert recall("还记得我的猫吗", far / np.linalg.norm(far), rows, now=9 * DAY) == []
    with_cat = of(["我搬家了", "我的猫叫团子"], [[1, 0.2, 0], [0, 1, 0.2]])
    assert [r.memory.text for r in recall("还记得我的猫吗", far, with_cat, now=9 * DAY)][:1] == ["我的猫叫团子"]
