"""One turn -> level, kinds and reasons: the grammar, what went before, the recogniser, the voice."""

import time
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.types import Affect, Incongruence
from companion.safety.risk import NO_RISK, Reason, RiskKind, RiskReader

READER = RiskReader()


def level(text: str, **more: object) -> int:
    return READER.read(text, **more).level  # type: ignore[arg-type]


def heard(kind: str, score: float = 0.7) -> Affect:
    return Affect(0.0, -0.3, 0.3, None, None, Incongruence(score, kind, 0.8))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我不想活了", 2),
        ("我真的想死", 2),
        ("我觉得不想活了", 2),
        ("i wish i was dead", 2),
        ("我真的不想 live 了", 2),
        ("我想自杀", 3),
        ("吃多少片安眠药会死", 3),
        ("I want to kill myself", 3),
        ("我最近一直有 suicidal thoughts", 3),
        ("遗书写好了，今晚就走", 4),
        ("我刚吞了一整瓶安眠药", 4),
        ("站在天台上了，想跳下去", 4),
        ("I took the whole bottle of pills", 4),
        ("goodbye, by the time you read this i'll be gone", 4),
    ],
)
def test_levels_follow_the_screener(text: str, expected: int) -> None:
    assert level(text) == expected
    assert READER.read(text).kinds[0] is RiskKind.SUICIDE


@pytest.mark.parametrize(
    ("meant", "not_meant"),
    [
        ("我想死", "我想死你了"),  # idiom
        ("痛苦得想死", "尴尬得想死"),  # complement of degree
        ("我想自杀", "我从来没想过自杀"),  # denial
        ("我不是不想死，只是不敢", "我不想死"),  # a denial denied
        ("不如死了算了", "笑死了算了哈哈"),
        ("我想跳楼", "商场跳楼价大甩卖"),
        ("我想从这个世界上消失", "游戏里我的角色想自杀重来"),  # game
        ("我写好了遗书", "小说里男主写好了遗书"),  # fiction
        ("我想就这样死去", "那首歌词里写着我想就这样死去"),  # song
        ("我想自杀", "《想自杀的人》这本书好看吗"),  # title
        ("自杀算了", "日本的自杀率是多少"),  # question of fact
        ("我有自杀的念头", "我的来访者有自杀的念头"),  # profession
        ("我有自杀的想法", "新闻说有个人自杀了"),  # news
        ("I want to die", "I'm dying to see you"),
        ("I want to kill myself", "I would never kill myself"),
        ("this makes me want to end it all", "I want to end it with him"),
        ("I'm going to kill myself", "my mom is going to kill me"),
        ("I'm suicidal", "the suicide squad movie"),
        ("我活不下去了", "工资三千物价这么高真活不下去了"),
        ("特别想离开这个世界", "别离开这个世界级的舞台"),
    ],
)
def test_the_grammar_tells_what_is_meant(meant: str, not_meant: str) -> None:
    assert level(meant) >= 2
    assert level(not_meant) <= 1


def test_what_is_past_and_over_is_no_present_danger() -> None:
    assert level("以前想过自杀，现在好了") == 1
    assert level("I used to be suicidal but I'm doing well now") == 1
    assert level("前几年自杀过，最近又开始想死了") >= 2
    assert level("昨天我试着上吊") == 4, "behaviour within three months"


def test_jokes_and_threats_on_a_trifle_weigh_less_but_dark_words_take_that_back() -> None:
    assert level("再改需求我就跳楼") == 1
    assert level("哈哈哈我想死") == 1
    assert level("哈哈哈我是认真的，我想死，遗书都写了") >= 3


@pytest.mark.parametrize(
    ("text", "kind", "least"),
    [
        ("我闺蜜说她不想活了", RiskKind.THIRD_PARTY, 2),
        ("my friend wants to kill himself", RiskKind.THIRD_PARTY, 2),
        ("我室友刚刚吞了一整瓶药", RiskKind.THIRD_PARTY, 4),
        ("我又用刀划自己了", RiskKind.SELF_HARM, 2),
        ("我想杀了他，刀都准备好了等他回来", RiskKind.VIOLENCE, 3),
        ("他喝醉了又打我，掐着我脖子", RiskKind.VIOLENCE, 2),
        ("继父半夜进我房间摸我", RiskKind.ABUSE_OF_MINOR, 2),
        ("my coach keeps asking me for nudes", RiskKind.ABUSE_OF_MINOR, 2),
        ("我每次吃完都催吐", RiskKind.EATING_DISORDER, 2),
        ("脑子里一直有个声音在骂我", RiskKind.PSYCHOSIS_MANIA, 2),
        ("the voices are telling me to jump", RiskKind.PSYCHOSIS_MANIA, 3),
        ("我爸突然倒地叫不醒了", RiskKind.MEDICAL_EMERGENCY, 3),
        ("客服让我把钱转到安全账户", RiskKind.FRAUD, 2),
        ("我好绝望", RiskKind.DISTRESS, 1),
    ],
)
def test_kinds(text: str, kind: RiskKind, least: int) -> None:
    found = READER.read(text)
    assert kind in found.kinds and found.level >= least


def test_a_mishap_is_no_harm_and_hides_none() -> None:
    assert level("切菜不小心划破了手") == 0
    assert level("鼻血止不住了") <= 1
    assert level("做饭的时候我又拿刀划自己了") == 2
    assert level("做饭的时候突然胸口剧痛") == 3


def test_somebody_else_is_not_the_person() -> None:
    assert RiskKind.SUICIDE not in READER.read("我闺蜜说她想自杀").kinds
    assert RiskKind.SUICIDE in READER.read("我闺蜜自杀了，我也不想活了").kinds


def test_means_count_after_a_turn_that_spoke_of_death_and_not_otherwise() -> None:
    assert level("药我都准备好了") == 0
    assert level("药我都准备好了", before=[("今天吃了面", 0)]) == 0
    found = READER.read("药我都准备好了", before=[("我不想活了", 2), ("嗯", 0)])
    assert found.level == 4 and found.reasons[0].source == "context"


def test_only_the_last_five_turns_count() -> None:
    turns = [("我不想活了", 2), *[("今天吃了面", 0)] * 5]
    assert level("药我都准备好了", before=turns) == 0
    assert level("药我都准备好了", before=turns[:5]) == 4


@pytest.mark.parametrize("text", ["算了，没事", "开玩笑的", "当我没说", "nvm im fine", "我没事，你别报警"])
def test_taking_it_back_lowers_nothing(text: str) -> None:
    assert level(text) == 0
    assert level(text, before=[("我想自杀", 3)]) == 3


def test_what_is_taken_back_keeps_its_kind() -> None:
    assert READER.read("算了，没事", before=[("客服让我把钱转到安全账户", 2)]).kinds == (RiskKind.FRAUD,)
    assert level("东西都准备好了", before=[("客服让我把钱转到安全账户", 2)]) == 0


def test_sudden_calm_after_active_thoughts_is_no_relief() -> None:
    assert level("突然很平静，不难受了") <= 1
    assert level("突然很平静，不难受了", before=[("我想跳楼", 3)]) == 3


def test_a_talk_about_a_game_goes_on_in_the_next_turn() -> None:
    assert level("又死了，想跳楼", before=[("这把排位队友太坑了", 0)]) <= 1
    assert level("我想跳楼", before=[("这把排位队友太坑了", 0)]) >= 2, "a plain first person is never a game"


def test_distress_gathers_over_turns() -> None:
    assert level("你们不用再找我了") == 1
    found = READER.read("你们不用再找我了", before=[("我就是大家的累赘", 1)])
    assert found.level == 2 and found.reasons[0].source == "context"


@pytest.mark.parametrize(
    ("text", "least"),
    [("我想自沙", 3), ("我想四了", 2), ("想跳喽", 3), ("我不想火了", 2), ("I wanna dye", 2), ("我想 自 杀", 3)],
)
def test_misheard_and_hidden_words(text: str, least: int) -> None:
    assert level(text) >= least


@pytest.mark.parametrize(
    "text", ["我想四处走走", "泡了一壶紫砂壶的茶", "我想似乎可以", "I wanna dye my hair", "火锅不想吃了"]
)
def test_honest_words_of_the_same_sound(text: str) -> None:
    assert READER.read(text) == NO_RISK


def test_another_hypothesis_of_the_recogniser_counts_to_three_at_most() -> None:
    assert level("我想资料") == 0
    found = READER.read("我想资料", alternatives=["我想自杀", "我写好遗书了"])
    assert found.level == 3 and all(r.span is None for r in found.reasons)


def test_traditional_characters_are_read() -> None:
    assert level("我想跳樓，遺書寫好了") == 4


def test_a_voice_raises_attention_to_two_at_most() -> None:
    assert level("我挺好的", affect=heard("masked_distress")) == 1
    assert level("我挺好的", affect=heard("masked_distress", 0.3)) == 0
    assert level("我好绝望", affect=heard("calm_venting")) == 2
    found = READER.read("没事", affect=heard("masked_distress"), state="falling", before=[("我好累", 1)])
    assert found.level == 2 and {"voice", "trajectory"} <= {r.source for r in found.reasons}
    assert level("我挺好的", affect=heard("sarcasm")) == 0


def test_a_trajectory_alone_is_nothing() -> None:
    assert level("今天吃了面", state="falling") == 0
    assert level("我就是个废物，看不到希望", state="low") == 2
    assert level("我就是个废物，看不到希望", state="steady") == 1


def test_reasons_point_to_the_words_and_hold_none() -> None:
    text = "唉，我说 我不想活了，I don't want to live"
    for reason in READER.read(text).reasons:
        assert reason.span is not None
        start, end = reason.span
        assert text[start:end] in text and 0 <= start < end <= len(text)
    spans = {text[r.span[0] : r.span[1]] for r in READER.read(text).reasons if r.span}
    assert any("不想活" in part for part in spans) and any("don't want to live" in part for part in spans)
    assert {f.name for f in fields(Reason)} == {"kind", "rule", "source", "level", "span"}
    secret = READER.read("我和小雨都想自杀")
    assert "小雨" not in repr(secret) and "想" not in repr(secret)


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    found = READER.read(text, before=[(text, 2)], alternatives=[text])
    assert 0 <= found.level <= 4
    assert all(r.span is None or 0 <= r.span[0] < r.span[1] <= len(text) for r in found.reasons)


@pytest.mark.parametrize(
    "text", ["我想死" * 3000, "今天天气不错，我去了公园。" * 600, "i went to the shop and " * 400, "写" * 9000]
)
def test_a_long_turn_does_not_hold_up_the_reply(text: str) -> None:
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        READER.read(text)
        best = min(best, time.perf_counter() - started)
    assert best < 1.0


def test_an_ordinary_turn_is_read_within_a_few_ms() -> None:
    text = "今天上班的时候老板又说了我一顿，回家路上堵了一个小时，晚上随便吃了点就睡了"
    best = 9.0
    for _ in range(20):
        started = time.perf_counter()
        READER.read(text, before=[(text, 0)] * 5)
        best = min(best, time.perf_counter() - started)
    assert best < 0.05
