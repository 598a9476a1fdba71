"""When a new memory says one again, takes its place, or stands beside it."""

from dataclasses import replace

import pytest

from memory.change import judge, supersedes
from memory.claims import claims
from memory.types import Candidate, Claim, Memory, MemoryKind, Source

NOW = 1_000_000.0
DAY = 86_400.0


def claim_of(text: str) -> Claim | None:
    return next(iter(claims(text)), None)


def candidate(text: str, kind: MemoryKind = MemoryKind.PROFILE, **more: object) -> Candidate:
    made = Candidate(kind=kind, text=text, salience=0.5, claim=claim_of(text))
    return replace(made, **more)  # type: ignore[arg-type]


def memory(text: str, id: str = "m1", kind: MemoryKind = MemoryKind.PROFILE, **more: object) -> Memory:
    made = Memory(id=id, user_id="a", kind=kind, text=text, claim=claim_of(text), learned_at=NOW - DAY)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("我叫小雨", "其实我叫小语"),
        ("我住在北京", "我搬到上海了"),
        ("I live in Paris", "我搬到上海了"),
        ("I'm vegetarian", "我开始吃肉了"),
        ("我吃素", "I had steak yesterday"),
        ("我喜欢咖啡", "我不喜欢咖啡了"),
        ("I hate yoga", "I love yoga now"),
        ("我有男朋友", "我们分手了"),
        ("我在腾讯上班", "我换工作了，现在在字节"),
        ("我在腾讯上班", "我辞职了"),
        ("我失业了", "我在字节上班"),
        ("我养了只猫叫团子", "团子走了"),
        ("我妈住院了", "我妈出院了"),
        ("我下周要面试", "面试取消了"),
        ("我下周要面试", "面试改到周五了"),
        ("我下周有个英语考试", "考试取消了"),
        ("我在复旦读研究生", "我毕业了"),
        ("我大三了", "我毕业了"),
        ("我一般十二点睡", "我现在都十点睡"),
        ("我抽烟", "我戒烟了"),
        ("我担心房租", "房租的事解决了"),
        ("我养了一只猫", "我的猫去世了"),
    ],
)
def test_what_is_newer_takes_the_place_of_what_it_contradicts(old: str, new: str) -> None:
    claim = claim_of(new)
    assert claim is not None
    assert supersedes(claim, [memory(old)], NOW) == ["m1"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("我住在北京", "我住在北京朝阳区"),  # more exact, not another
        ("我住在北京", "I live in Beijing"),
        ("我住在上海", "我不住北京了"),
        ("我在阿里上班", "我从腾讯离职了"),
        ("我喜欢咖啡", "我喜欢茶"),
        ("我喜欢咖啡", "我不喜欢加糖的咖啡"),
        ("我有两只猫", "我养了一只猫"),
        ("我养了只猫叫团子", "我养了只狗叫豆豆"),
        ("我养了只猫叫团子", "豆豆走了"),
        ("我妈住院了", "我爸出院了"),
        ("我下周要面试", "我周五有个面试"),
        ("我下周有个英语考试", "数学考试没过"),
        ("我是老师", "我是摄影师"),
        ("我在腾讯上班", "我是程序员"),
        ("我在复旦读研究生", "我大三了"),
        ("我今年25岁了", "我大三了"),
    ],
)
def test_what_can_be_true_beside_it_leaves_it_alone(old: str, new: str) -> None:
    claim = claim_of(new)
    assert claim is not None
    assert supersedes(claim, [memory(old)], NOW) == []


@pytest.mark.parametrize("past", ["我以前住在北京", "I used to live in Paris", "我小时候住在武汉", "我原来在腾讯上班"])
def test_what_lies_in_the_past_supersedes_nothing(past: str) -> None:
    known = [memory("我住在上海"), memory("我在字节上班", "m2")]
    assert judge(candidate(past), {"m1": 0.9, "m2": 0.9}, known, NOW).supersedes == ()


def test_what_no_longer_holds_is_not_superseded_again() -> None:
    gone = memory("我住在北京", valid_to=NOW - 1)
    assert judge(candidate("我搬到上海了"), {"m1": 0.9}, [gone], NOW).supersedes == ()


def test_the_same_again_is_a_repeat_in_either_language() -> None:
    assert judge(candidate("我的名字是小雨"), {}, [memory("我叫小雨")], NOW).repeats == "m1"
    assert judge(candidate("I'm vegetarian"), {}, [memory("我吃素")], NOW).repeats == "m1"


def test_the_same_claim_with_news_is_kept() -> None:
    new = candidate("我养了只猫叫团子，三岁了，特别怕打雷", claim=claim_of("我养了只猫叫团子"))
    change = judge(new, {"m1": 0.97}, [memory("我养了只猫叫团子")], NOW)
    assert change.repeats is None and change.supersedes == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("喜欢咖啡", "不喜欢咖啡"),
        ("我8号要去复查", "我9号要去复查"),
        ("我妈最近睡不好", "我爸最近睡不好"),
        ("我下周三去看牙医", "我下周五去看牙医"),
        ("今天和 Anna 吵了一架", "今天和 Bella 吵了一架"),
        ("我想去东京看看", "我想去大阪看看"),
        ("我升职了", "我没升职"),
        ("The dentist is on Monday", "The dentist is on Tuesday"),
        ("I talked to Anna about the rent", "I talked to Bella about the rent"),
        ("我上午去医院了", "我下午去医院了"),
        ("我三点要打针", "我四点要打针"),
    ],
)
def test_near_words_that_mean_something_else_are_no_repeat(old: str, new: str) -> None:
    event = memory(old, kind=MemoryKind.EVENT, claim=None)
    assert judge(candidate(new, MemoryKind.EVENT), {"m1": 0.99}, [event], NOW).repeats is None


def test_near_words_that_mean_the_same_are_a_repeat_of_the_nearest() -> None:
    known = [
        memory("我三点要去复查", "m1", MemoryKind.EVENT, claim=None),
        memory("3点我要去复查啊", "m2", MemoryKind.EVENT, claim=None),
    ]
    change = judge(candidate("我三点要去复查了", MemoryKind.EVENT), {"m1": 0.95, "m2": 0.97}, known, NOW)
    assert change.repeats == "m2"
    assert judge(candidate("我三点要去复查了", MemoryKind.EVENT), {"m1": 0.9, "m2": 0.9}, known, NOW).repeats is None


def test_another_kind_is_no_repeat() -> None:
    worry = memory("下周要做汇报", kind=MemoryKind.WORRY, claim=None)
    assert judge(candidate("下周要做汇报", MemoryKind.EVENT), {"m1": 1.0}, [worry], NOW).repeats is None


def test_next_week_said_in_another_week_is_another_interview() -> None:
    old = memory("我下周要面试", kind=MemoryKind.EVENT, about=(NOW - 30 * DAY, NOW - 23 * DAY))
    new = candidate("我下周要面试", MemoryKind.EVENT, about=(NOW + 7 * DAY, NOW + 14 * DAY))
    change = judge(new, {"m1": 1.0}, [old], NOW)
    assert change.repeats is None and change.supersedes == ()


def test_of_two_interviews_the_newest_is_cancelled() -> None:
    monday = memory("我周一有个面试", "m1", about=(NOW, NOW + DAY), learned_at=NOW - 2 * DAY)
    friday = memory("我周五有个面试", "m2", about=(NOW + 4 * DAY, NOW + 5 * DAY), learned_at=NOW - DAY)
    claim = claim_of("面试取消了")
    assert claim is not None and supersedes(claim, [monday, friday], NOW) == ["m2"]


@pytest.mark.parametrize("text", ["不对，我说的是8号复查", "I meant the 8th for the checkup, not the 9th"])
def test_a_correction_takes_the_place_of_the_nearest_without_a_claim(text: str) -> None:
    known = [
        memory("我9号复查", "m1", MemoryKind.EVENT, claim=None),
        memory("我妈做饭", "m2", MemoryKind.EVENT, claim=None),
    ]
    change = judge(candidate(text, MemoryKind.EVENT, claim=None), {"m1": 0.86, "m2": 0.3}, known, NOW)
    assert change.repeats is None and change.supersedes == ("m1",)


def test_a_correction_that_is_near_nothing_supersedes_nothing() -> None:
    known = [memory("我妈做饭", kind=MemoryKind.EVENT, claim=None)]
    new = candidate("我8号复查", MemoryKind.EVENT, corrects=True)
    assert judge(new, {"m1": 0.4}, known, NOW).supersedes == ()


def test_a_correction_replaces_a_plan_that_could_else_stand_beside_it() -> None:
    known = [memory("我周五有个面试", kind=MemoryKind.EVENT)]
    new = candidate("我周三有个面试", MemoryKind.EVENT, corrects=True)
    assert judge(new, {"m1": 0.95}, known, NOW).supersedes == ("m1",)


def test_what_the_person_put_in_wins_over_a_model_and_not_the_other_way_round() -> None:
    by_person = memory("我叫小语", source=Source.PERSON)
    by_model = memory("我叫小雨", source=Source.MODEL)
    guess = candidate("我叫小雨", source=Source.MODEL, corrects=True)
    assert judge(guess, {"m1": 0.99}, [by_person], NOW).supersedes == ()
    word = candidate("我叫小语", source=Source.PERSON)
    assert judge(word, {"m1": 0.99}, [by_model], NOW).supersedes == ("m1",)


def test_the_companions_words_and_the_persons_stay_apart() -> None:
    promise = memory("我会记得你下周要面试", kind=MemoryKind.COMPANION, claim=claim_of("下周要面试"))
    change = judge(candidate("面试取消了", MemoryKind.EVENT), {"m1": 0.99}, [promise], NOW)
    assert change.supersedes == () and change.repeats is None


def test_only_an_end_is_an_end() -> None:
    assert judge(candidate("我不喜欢咖啡了", MemoryKind.PREFERENCE), {}, [], NOW).ends
    assert not judge(candidate("我搬到上海了"), {}, [], NOW).ends
    assert not judge(candidate("今天好累", MemoryKind.EVENT), {}, [], NOW).ends
