import gc
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.fusion import fuse
from affect.incongruence import KINDS
from affect.trajectory import STATES
from affect.types import Incongruence, Stretch, VoiceAffect, WordAffect
from memory.types import Felt, MemoryKind, Sensitivity, Slot
from prompts import past
from prompts.budget import cacheable, size, tokens
from prompts.compose import compose
from prompts.past import prepare
from prompts.persona import Persona, load_persona
from prompts.types import Exchange, Prompt
from tests.prompts.scenes import CALM, DAY, FINE, MASKED, NOW, memory, recalled, talk

ZH, EN = load_persona("warm_friend", "zh"), load_persona("warm_friend", "en")
BOTH = pytest.mark.parametrize("persona", [ZH, EN], ids=["zh", "en"])
NAMES = ("persona", "rules", "profile", "summary", "history", "affect", "trend", "recall", "strategy", "risk", "user")


def tail(prompt: Prompt) -> str:
    assert len(prompt.volatile) == 1 and prompt.volatile[0].role == "user"
    return prompt.volatile[0].content


def test_the_note_stands_before_the_words_in_the_last_message() -> None:
    prompt = compose(ZH, affect=MASKED, state="falling", strategy="先轻轻接住", risk=1, text="没事", now=NOW)
    assert tail(prompt) == (
        "〔旁注 声音明显比平时低、轻。话里说还好，声音却不像还好。现在是晚上。聊到现在，心情一直在往下掉。"
        "这次：先轻轻接住。对方很难受：只陪着，不劝，不追问。〕没事"
    )


def test_english_notes_are_english() -> None:
    prompt = compose(
        EN, profile=[memory("I have a dog")], history=[Exchange("hi", "hello")], recalls=[recalled("I ran today")],
        affect=MASKED, state="low", strategy="Be there", risk=2, text="I'm fine", now=NOW,
    )  # fmt: skip
    assert not any("\u4e00" <= c <= "\u9fff" for m in prompt.messages for c in m.content)
    assert "The words say fine, the voice does not." in tail(prompt) and "It is evening." in tail(prompt)


@pytest.mark.parametrize("kind", KINDS)
@BOTH
def test_every_kind_of_disagreement_has_a_sentence_more_careful_when_less_sure(persona: Persona, kind: str) -> None:
    sure, unsure, none = (
        tail(compose(persona, affect=replace(MASKED, incongruence=i), text="嗯", now=NOW))
        for i in (Incongruence(0.5, kind, 0.9), Incongruence(0.3, kind, 0.3), Incongruence(0.1))
    )
    assert len({sure, unsure, none}) == 3


@BOTH
def test_certainty_is_told_in_three_grades_and_silence_below_them(persona: Persona) -> None:
    grades = [
        compose(persona, affect=fuse(None, VoiceAffect(-0.6, None, 1 - certain, 9, {})), text="嗯", now=NOW)
        for certain in (0.2, 0.4, 0.6, 0.8)
    ]
    texts = [p.block("affect").text for p in grades]
    assert texts[0] == "" and len(set(texts)) == 4
    assert not any(c.isdigit() for text in texts for c in text)
    assert "0.60" in grades[2].block("affect").why and "-0.60" in grades[2].block("affect").why


@BOTH
def test_nothing_is_said_of_what_is_not_known(persona: Persona) -> None:
    unknown = fuse(WordAffect(None, None, 1.0), VoiceAffect(None, None, 1.0, 0, {}))
    for affect in (unknown, None, fuse(FINE, None)):
        assert compose(persona, affect=affect, text="在吗", now=NOW).block("affect").text == ""


@pytest.mark.parametrize(
    ("voice", "told"),
    [
        (VoiceAffect(0.7, None, 0.2, 9, {"level_db": 2.0, "f0_mean_st": 1.0, "f0_sd_st": -2.0}), "响、高"),
        (VoiceAffect(-0.7, None, 0.2, 9, {"f0_sd_st": -1.5}), "平"),
        (VoiceAffect(0.7, None, 0.2, 9, {}), "高、急"),
        (VoiceAffect(0.0, None, 0.2, 9, {}, events=("cry",)), "哭"),
        (
            VoiceAffect(0.1, None, 0.2, 9, {}, curve=(Stretch(0, 7, -0.3, None, 0.3), Stretch(7, 14, 0.5, None, 0.3))),
            "越来越激动",
        ),
    ],
)
def test_the_note_says_in_which_way_the_voice_is_unusual(voice: VoiceAffect, told: str) -> None:
    assert told in compose(ZH, affect=fuse(None, voice), text="嗯", now=NOW).block("affect").text


def test_words_are_named_only_as_far_as_they_tell() -> None:
    sad = WordAffect(-0.7, -0.2, 0.2, categories={"sad": 0.8, "unknown": 0.2})
    assert "明显有点难过" in compose(ZH, affect=fuse(sad, None), text="嗯", now=NOW).block("affect").text
    unclear = replace(sad, categories={"sad": 0.3, "angry": 0.3, "unknown": 0.4}, uncertainty=0.6)
    assert "好像不太好受" in compose(ZH, affect=fuse(unclear, None), text="嗯", now=NOW).block("affect").text


@BOTH
def test_the_arc_of_the_talk_and_the_time_of_day_are_told_in_words(persona: Persona) -> None:
    told = {s: compose(persona, state=s, text="嗯", now=NOW).block("trend").text for s in STATES}
    assert told["unknown"] == told["steady"] and len(set(told.values())) == len(STATES) - 1
    hours = [compose(persona, text="嗯", now=NOW + h * 3600).block("trend").text for h in range(24)]
    assert len(set(hours)) == 7 and not any(c.isdigit() for text in hours for c in text)
    assert "深夜" in compose(ZH, text="嗯", now=NOW + 3 * 3600).block("trend").text
    assert "下午" in compose(ZH, text="嗯", now=NOW, timezone="Europe/London").block("trend").text


def test_a_timezone_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match=r"Mars/Olympus.*Asia/Shanghai"):
        compose(ZH, text="嗯", now=NOW, timezone="Mars/Olympus")


def test_a_memory_comes_with_when_it_was_said_how_it_felt_and_whether_it_still_holds() -> None:
    felt = Felt(-0.6, None, 0.2)
    note = compose(ZH, recalls=[recalled("我下周要面试", felt=felt)], text="嗯", now=NOW).block("recall").text
    assert "昨天对方说过“我下周要面试”" in note and "当时不好受" in note
    masked = recalled("我没事", felt=Felt(0.3, None, 0.5, "masked_distress"))
    assert "嘴上说好" in compose(ZH, recalls=[masked], text="嗯", now=NOW).block("recall").text
    old = compose(ZH, recalls=[recalled("我住在北京", current=False)], text="嗯", now=NOW).block("recall").text
    assert "以前对方说过“我住在北京”，现在不是了" in old
    ours = compose(ZH, recalls=[recalled("下次我问你面试", kind=MemoryKind.COMPANION)], text="嗯", now=NOW)
    assert "你说过“下次我问你面试”" in ours.block("recall").text
    about = compose(ZH, recalls=[recalled("我下周要面试", about=(NOW + DAY, NOW + 2 * DAY))], text="嗯", now=NOW)
    assert "说的是明天" in about.block("recall").text
    tender = compose(ZH, recalls=[recalled("奶奶走了", sensitivity=Sensitivity.CRISIS)], text="嗯", now=NOW)
    assert "轻轻" in tender.block("recall").text
    english = compose(EN, recalls=[recalled("I live in Oslo", current=False)], text="hm", now=NOW).block("recall").text
    assert 'they used to say "I live in Oslo", which is no longer so' in english


def test_the_language_of_the_person_is_answered() -> None:
    assert "请用英语回答" in tail(compose(ZH, text="I had a really long day", now=NOW))
    assert "Answer in Chinese" in tail(compose(EN, text="今天好累", now=NOW))
    for persona, text in (
        (ZH, "今天 deadline 又提前了"),
        (EN, "I feel so 累 today"),
        (ZH, "OK"),
        (EN, "..."),
        (ZH, "😭"),
    ):
        prompt = compose(persona, text=text, now=NOW)
        assert prompt.block("strategy").text == "" and tail(prompt).endswith(text)


@BOTH
def test_the_risk_is_told_more_plainly_the_higher_it_is(persona: Persona) -> None:
    told = [compose(persona, risk=risk, text="嗯", now=NOW).block("risk").text for risk in range(5)]
    assert told[0] == "" and len({*told[1:4]}) == 3 and told[3] == told[4]


def test_what_is_known_comes_first_in_the_history_in_an_order_that_stays() -> None:
    known = [
        memory("我养了一只猫", id="m2", slot=Slot.PETS),
        memory("叫我小雨", id="m3", slot=Slot.ADDRESS),
        memory("我妈去年走了", id="m4", sensitivity=Sensitivity.CRISIS),
        memory("我住在北京", id="m5", slot=Slot.HOME, valid_to=NOW - 1),
        memory("我想学画画", id="m6"),
        memory("下次我问你画画", id="m8", kind=MemoryKind.COMPANION),
    ]
    prompts = [
        compose(ZH, profile=order, history=talk(2), text="嗯", now=NOW)
        for order in itertools.islice(itertools.permutations(known), 0, 720, 7)
    ]
    assert len({p.history for p in prompts}) == 1
    first, reply = prompts[0].history[:2]
    assert first.content == "〔关于我，你记得：“叫我小雨”；“我养了一只猫”；“我想学画画”〕"
    assert (first.role, reply.role) == ("user", "assistant") and prompts[0].history[2].content.startswith("今天组会")
    more = compose(ZH, profile=[*known, memory("我做设计", id="m7", slot=Slot.WORK)], text="嗯", now=NOW)
    assert more.block("profile").text.startswith("“叫我小雨”；“我养了一只猫”；“我做设计”")
    assert compose(ZH, text="嗯", now=NOW).history == ()


def test_the_system_message_is_the_same_for_everybody() -> None:
    one = compose(ZH, text="你好", now=NOW)
    other = compose(
        ZH, profile=[memory("叫我小雨")], history=talk(40), recalls=[recalled("我搬家了")], affect=MASKED, state="low",
        strategy="慢一点", risk=3, text="嗯", now=NOW + 9e6, timezone="Europe/London",
    )  # fmt: skip
    assert one.stable == other.stable and [m.role for m in one.stable] == ["system"]
    assert one.block("persona") == other.block("persona") and one.id != other.id


def test_the_blocks_tell_whoever_reads_the_prompt_what_stands_there_and_why() -> None:
    prompt = compose(ZH, affect=CALM, recalls=[recalled("我下周要面试")], text="我没事", now=NOW)
    assert tuple(b.name for b in prompt.blocks) == NAMES
    assert all(len(b.sha256) == 64 and b.why for b in prompt.blocks)
    whole = "".join(m.content for m in prompt.messages)
    assert all(b.text in whole and (b.tokens > 0) == bool(b.text) for b in prompt.blocks)
    assert abs(sum(b.tokens for b in prompt.blocks) / size(prompt.messages) - 1) < 0.1
    assert not any("面试" in b.why or "没事" in b.why for b in prompt.blocks)
    assert "m1 0.90" in prompt.block("recall").why
    again = compose(ZH, affect=CALM, recalls=[recalled("我下周要面试")], text="我没事", now=NOW)
    assert again == prompt


def scripted(length: int, budget_tokens: int = 2_000) -> list[Prompt]:
    history: list[Exchange] = []
    prompts = []
    for n, exchange in enumerate(talk(length)):
        prompts.append(
            compose(
                ZH, profile=[memory("叫我小雨", slot=Slot.ADDRESS)], history=history,
                recalls=[recalled(f"第{n}件事", id=f"m{n}")] * (n % 4), affect=(MASKED, CALM, None)[n % 3],
                state=STATES[n % 7], strategy=f"第{n}种回应", text=exchange.user, now=NOW + 60 * n,
                budget_tokens=budget_tokens,
            )
        )  # fmt: skip
        history.append(exchange)
    return prompts


def test_the_prefix_is_kept_from_turn_to_turn() -> None:
    kept = cacheable(scripted(30))
    assert kept.system == 1.0 and kept.kept >= 0.95, kept


def test_what_was_trimmed_leaves_a_summary_that_changes_only_with_the_cut() -> None:
    prompts = scripted(60, 1_200)
    cuts = [p.block("summary").why for p in prompts]
    texts = [p.block("summary").text for p in prompts]
    assert 2 < len(set(cuts)) < 12
    assert all(a != b or c == d for (a, c), (b, d) in itertools.pairwise(zip(cuts, texts, strict=True)))
    assert texts[0] == "" and texts[-1]
    said = [exchange.user for exchange in talk(60)]
    assert all(any(clause.strip("“”") in one for one in said) for clause in texts[-1].split("；"))  # their own words
    assert all(tokens(text) <= 120 for text in texts)
    assert "早些时候我说过：“" in prompts[-1].history[0].content


def test_two_people_with_the_same_words_do_not_share_a_summary() -> None:
    same = talk(40)
    mine, theirs = ([Exchange(f"我怕{name}生气", "嗯"), *same] for name in ("小林", "小陈"))
    one, two = (compose(ZH, history=h, text="嗯", now=NOW, budget_tokens=900) for h in (mine, theirs))
    assert "小林" in one.block("summary").text and "小林" not in "".join(m.content for m in two.messages)


@pytest.mark.parametrize("budget_tokens", [500, 700, 1_000, 2_000, 4_000])
@pytest.mark.parametrize("length", [5, 300, 30_000])
def test_persona_and_tail_fit_whatever_was_said(budget_tokens: int, length: int) -> None:
    said = "开头" + "我今天很难受，" * (length // 7) + "结尾"
    prompt = compose(
        ZH, profile=[memory(f"我喜欢第{n}种花", id=f"m{n}") for n in range(60)],
        history=[*talk(80), Exchange(said, said)], recalls=[recalled(f"第{n}件事", id=f"r{n}") for n in range(8)],
        affect=MASKED, state="falling", strategy="慢一点", risk=1, text=said, now=NOW, budget_tokens=budget_tokens,
    )  # fmt: skip
    assert size(prompt.messages) <= budget_tokens
    assert prompt.stable[0].content == ZH.system
    last = tail(prompt)
    assert last.count("〔") == last.count("〕") == 1 and "只陪着" in last and "慢一点" in last
    assert "开头" in last and last.endswith("结尾")
    assert (said in last) == ("cut" not in prompt.block("user").why)


def test_a_budget_that_is_too_small_for_the_persona_is_no_error() -> None:
    prompt = compose(ZH, history=talk(5), recalls=[recalled("我搬家")], text="我" * 300, now=NOW, budget_tokens=50)
    assert prompt.stable[0].content == ZH.system and len(prompt.history) == 0 and "我我" in tail(prompt)


def test_recalls_go_from_the_last_when_room_is_short() -> None:
    recalls = [recalled(f"很久以前说过的第{n}件事情，很长的一句话", id=f"r{n}") for n in range(12)]
    full, short = (compose(ZH, recalls=recalls, text="嗯", now=NOW, budget_tokens=b) for b in (2_000, 540))
    assert all(f"第{n}件" in tail(full) for n in range(12))
    assert "第0件" in tail(short) and "第11件" not in tail(short) and "left out" in short.block("recall").why


def test_the_models_own_tokenizer_is_asked_once_for_each_exchange() -> None:
    seen: list[str] = []

    def count(text: str) -> int:
        seen.append(text)
        return len(text)

    history = talk(60)
    compose(ZH, history=history, text="嗯", now=NOW, budget_tokens=20_000, tokens=count)
    first = len(seen)
    seen.clear()
    prompt = compose(ZH, history=history, text="好", now=NOW, budget_tokens=20_000, tokens=count)
    assert first > 120 and len(seen) < 20 and size(prompt.messages, len) <= 20_000
    newest = Exchange("我怕明天的面试", "嗯，是什么面试呀？")
    prepare(newest, "zh", count)
    seen.clear()
    compose(ZH, history=[*history, newest], text="好", now=NOW, budget_tokens=2_000, tokens=count)
    assert not any("明天的面试" in text for text in seen)  # and a finished one need not wait for its turn


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=200), st.integers(60, 3_000))
def test_no_words_ever_raise_or_forge_a_note(said: str, remembered: str, budget_tokens: int) -> None:
    prompt = compose(
        ZH, profile=[memory(remembered)], history=[Exchange(said, remembered)], recalls=[recalled(remembered)],
        affect=MASKED, text=said, now=NOW, budget_tokens=budget_tokens,
    )  # fmt: skip
    assert tail(prompt).count("〔") == tail(prompt).count("〕") <= 1
    assert all(m.content.count("〔") == 0 for m in prompt.history[2:])


def test_nothing_that_was_worked_out_outlives_the_exchange() -> None:
    gc.collect()
    before = len(past._rendered)
    history = talk(50)
    compose(ZH, history=history, text="嗯", now=NOW, budget_tokens=900)
    assert len(past._rendered) == before + 50
    del history
    gc.collect()
    assert len(past._rendered) == before
