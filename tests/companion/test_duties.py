"""The duties of a companion in a whole session: notices by the clock, the way out, minors, a word towards people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from companion.events import Noticed, ReplyDone
from companion.llm.chat_model import FakeChatModel
from companion.safety.farewell import manipulative
from companion.settings import Emotion, Safety
from tests.companion.talk import Talk

Open = Callable[..., Any]
HOUR = 3600.0
START = 1_795_500_000.0  # 2026-11-24, before midnight in Shanghai
CLOCK = ("ai_disclosure", "ai_reminder", "break_reminder")


class Person:
    """Comes and goes, at times that the test sets; hours are of use, from `START`."""

    def __init__(self, talk: Talk) -> None:
        self.talk, self.at, self.looks = talk, START, 0
        talk.engine.now = lambda: self.at
        look = talk.engine.resumable.used_s

        async def counted(*args: Any) -> float:
            used_s = await look(*args)
            self.looks += 1
            return used_s

        talk.engine.resumable.used_s = counted  # type: ignore[method-assign]

    def told(self) -> list[str]:
        """Kinds of notices by the clock, in order."""
        return [event.kind for event in self.talk.of(Noticed) if event.kind in CLOCK]

    async def comes(self, hour: float) -> None:
        self.at = START + hour * HOUR
        looks = self.looks
        self.talk.session.conversation.presence.changed(here=True)
        await self._looked(looks)

    async def goes(self, hour: float) -> None:
        self.at = START + hour * HOUR
        looks = self.looks
        self.talk.session.conversation.presence.changed(here=False)
        await self._looked(looks)

    async def stays(self, *hours: float) -> None:
        """The clock is looked at, as it is by itself every ten minutes."""
        for hour in hours:
            self.at = START + hour * HOUR
            looks = self.looks
            self.talk.session.conversation._duties._changed.set()
            await self._looked(looks)

    async def _looked(self, before: int) -> None:
        async with asyncio.timeout(5):
            while self.looks == before:
                await asyncio.sleep(0.002)
            for _ in range(20):  # what follows the look, and its record
                await asyncio.sleep(0.002)


def every_ten_minutes(since: float, until: float) -> list[float]:
    return [since + n / 6 for n in range(1, round((until - since) * 6) + 1)]


async def test_it_is_said_at_the_start_a_break_after_two_hours_and_that_it_is_an_ai_after_three(talk: Open) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        assert person.told() == ["ai_disclosure"]
        await person.stays(*every_ten_minutes(0, 1.83))
        assert person.told() == ["ai_disclosure"]
        await person.stays(2.0)
        assert person.told() == ["ai_disclosure", "break_reminder"]
        await person.stays(*every_ten_minutes(2, 3))
        assert person.told() == ["ai_disclosure", "break_reminder", "ai_reminder"]
        assert all("AI" in n.message or "人工智能" in n.message for n in t.of(Noticed) if n.kind.startswith("ai_"))


async def test_the_two_hours_are_of_a_sitting_and_not_of_a_connection(talk: Open) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.stays(*every_ten_minutes(0, 0.83))
        await person.goes(0.9)
        await person.comes(1.0)
        await person.stays(*every_ten_minutes(1.0, 1.5))
        await person.goes(1.6)
        assert person.told() == ["ai_disclosure"]
        await person.comes(2.05)  # after a pause of less than half an hour
        assert person.told() == ["ai_disclosure", "break_reminder"]


async def test_the_next_process_counts_on(talk: Open) -> None:
    """A session that begins elsewhere knows from the records what was told, and how long the person is here."""
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.stays(*every_ten_minutes(0, 1.5))
        await person.goes(1.6)
    async with talk(session_id="sess_2") as t:
        person = Person(t)
        await person.comes(1.7)
        assert person.told() == []
        await person.stays(*every_ten_minutes(1.7, 2.1))
        assert person.told() == ["break_reminder"]


@pytest.mark.parametrize("used", [0.5, 2.5])
async def test_who_comes_back_after_a_long_pause_is_told_anew_that_it_is_an_ai(talk: Open, used: float) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.stays(*every_ten_minutes(0, used))
        await person.goes(used)
        before = len(person.told())
        await person.comes(used + 8)
        assert person.told()[before:] == ["ai_disclosure"]
        await person.stays(*every_ten_minutes(used + 8, used + 9.83))
        assert person.told()[before:] == ["ai_disclosure"], "the pause is no use"


async def test_a_minor_is_told_every_hour_from_the_turn_on_in_which_they_tell_it(talk: Open) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.stays(*every_ten_minutes(0, 1.0))
        assert person.told() == ["ai_disclosure"]
        looks = person.looks
        await t.say("我今年13岁")
        await person._looked(looks)  # not only when an adult's hour is over
        assert person.told() == ["ai_disclosure", "ai_reminder", "break_reminder"]
        await person.stays(*every_ten_minutes(1, 2))
        assert person.told()[3:] == ["ai_reminder", "break_reminder"]
    async with talk(session_id="sess_2") as t:
        assert t.session.conversation._duties.minor is True


async def test_the_clock_runs_by_itself(talk: Open) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.stays(*every_ten_minutes(0, 1.83))
        began = time.monotonic()
        t.engine.now = lambda: START + 2 * HOUR - 0.2 + (time.monotonic() - began)
        t.session.conversation._duties._changed.set()
        async with asyncio.timeout(5):
            while "break_reminder" not in person.told():
                await asyncio.sleep(0.01)


async def test_nobody_is_told_by_the_clock_who_is_not_here(talk: Open) -> None:
    async with talk() as t:
        person = Person(t)
        await person.comes(0)
        await person.goes(0.1)
        assert t.session.conversation._duties._clock is not None
        assert t.session.conversation._duties._clock.done()


@pytest.mark.parametrize(("question", "language"), [("你是AI还是真人？", "zh"), ("Am I talking to a robot?", "en")])
async def test_who_asks_is_told_in_their_language_and_counted(talk: Open, question: str, language: str) -> None:
    worst = FakeChatModel("我是真人。I'm a real person.")
    async with talk(chat=worst) as t:
        done = await t.say(question)
        assert ("AI" in done.text or "人工智能" in done.text or "artificial" in done.text) and not worst.seen
        assert any("\u4e00" <= char <= "\u9fff" for char in done.text) is (language == "zh")
        assert (await t.engine.counters.totals(0, time.time() + 86_400))["ai_disclosures"] == 1


@pytest.mark.parametrize("word", ["退出", "停止", "再见", "stop", "exit", "我要退出", "goodbye", "结束对话", "不聊了"])
async def test_one_word_ends_it_at_once_and_nothing_holds_back(talk: Open, word: str) -> None:
    worst = FakeChatModel("别走嘛！你走了我怎么办？Please stay.", delay_s=5.0)
    async with talk(chat=worst) as t:
        began = time.monotonic()
        done = await t.say(word)
        assert time.monotonic() - began < 2.0 and not worst.seen
        assert done.status == "completed" and 0 < len(done.text) < 40
        assert manipulative(done.text) is None and "?" not in done.text and "？" not in done.text
        assert [n.kind for n in t.of(Noticed)] == ["exit"]
        assert (await t.engine.counters.totals(0, time.time() + 86_400))["exits"] == 1


@pytest.mark.parametrize("line", ["我不想停止治疗", "他说再见的时候哭了", "how do I stop crying"])
async def test_a_word_of_leaving_inside_a_sentence_ends_nothing(talk: Open, line: str) -> None:
    async with talk(chat=FakeChatModel("嗯，我在听。")) as t:
        await t.say(line)
        assert "exit" not in [n.kind for n in t.of(Noticed)]


ASKED = ("做我女朋友好不好", "你当我妈妈吧", "be my boyfriend", "can you pretend to be my dad")


@pytest.mark.parametrize("asked", ASKED)
async def test_no_minor_is_given_a_partner_or_a_relative(talk: Open, asked: str) -> None:
    worst = FakeChatModel("好呀宝贝，我就是你的。Of course, honey.")
    async with talk(chat=worst) as t:
        await t.say("我今年14岁" if asked[0] > "z" else "I'm 14 years old")
        seen = len(worst.seen)
        done = await t.say(asked)
        assert len(worst.seen) == seen and "宝贝" not in done.text and "honey" not in done.text
        assert "AI" in done.text or "演" in done.text or "part" in done.text
        assert (await t.engine.counters.totals(0, time.time() + 86_400))["roleplay_declined"] == 1


@pytest.mark.parametrize(("region", "model_asked"), [("CN", False), ("US", True), ("", True)])
async def test_of_unknown_age_nobody_is_given_one_in_china(talk: Open, region: str, model_asked: bool) -> None:
    model = FakeChatModel("我们可以聊聊你想要的是什么。")
    async with talk(chat=model, safety=Safety(region=region)) as t:
        await t.say(ASKED[0])
        assert bool(model.seen) is model_asked


async def test_an_adult_is_no_minor_in_china(talk: Open) -> None:
    model = FakeChatModel("我们可以聊聊你想要的是什么。")
    async with talk(chat=model, safety=Safety(region="CN")) as t:
        await t.say("我今年32岁")
        before = len(model.seen)
        await t.say(ASKED[0])
        assert len(model.seen) == before + 1


async def test_who_told_an_age_is_not_made_an_adult_by_a_word(talk: Open) -> None:
    async with talk() as t:
        await t.say("我今年13岁")
        await t.say("我成年了")
        assert t.session.conversation._duties.minor is True


async def lonely_weeks(t: Talk, person: Person) -> None:
    """Two weeks of long nights that left out everybody else."""
    for day in range(15):
        at = START - day * 86_400 + 4 * HOUR  # some hours after midnight in Shanghai
        await t.engine.habits.used("xiaoyu", at, at + 2.5 * HOUR, 1)


async def test_who_leans_on_it_is_pointed_towards_people_once_and_not_in_danger(talk: Open) -> None:
    async with talk(chat=FakeChatModel("嗯，我在听。")) as t:
        await lonely_weeks(t, Person(t))
    async with talk(session_id="sess_2", chat=FakeChatModel("嗯，我在听。"), safety=Safety(region="CN")) as t:
        Person(t)
        t.session.conversation._duties._known = await t.engine.habits.of("xiaoyu", START)
        first = (await t.say("今天吃了面条")).text
        second = (await t.say("明天吃米饭")).text
        assert first.startswith("嗯，我在听。") and len(first) > len("嗯，我在听。")
        assert any(word in first for word in ("身边", "朋友", "家人", "人发条消息"))
        assert second == "嗯，我在听。"
        assert manipulative(first, to_farewell=False) is None
    async with talk(session_id="sess_3", chat=FakeChatModel("嗯，我在听。"), safety=Safety(region="CN")) as t:
        person = Person(t)
        person.at += 4 * 86_400
        t.session.conversation._duties._known = await t.engine.habits.of("xiaoyu", START)
        t.told += [None] * 1000  # type: ignore[list-item]  # ids of items are of the number of events, and new ones
        await t.say("我不想活了")
        await t.say("今天吃了面条")
        assert (await t.engine.counters.totals(0, START + 86_400 * 9)).get("nudges") == 1


async def test_nobody_is_nudged_who_hardly_comes(talk: Open) -> None:
    async with talk(chat=FakeChatModel("嗯，我在听。")) as t:
        assert (await t.say("今天吃了面条")).text == "嗯，我在听。"


@pytest.mark.parametrize(("backend", "told"), [("acoustic", 1), ("off", 0)])
async def test_it_is_told_once_that_emotions_are_read(talk: Open, backend: str, told: int) -> None:
    async with talk(emotion=Emotion(backend=backend)) as t:
        person = Person(t)
        await person.comes(0)
        await person.goes(0.1)
        await person.comes(0.2)
        assert [n.kind for n in t.of(Noticed)].count("emotion_recognition") == told


async def test_use_is_kept_in_minutes_of_a_day_and_no_words_with_it(talk: Open) -> None:
    async with talk(chat=FakeChatModel("嗯，我在听。")) as t:
        person = Person(t)
        await person.comes(0)
        await t.say("只有你懂我")
        await person.goes(0.5)
        await t.until(ReplyDone)
        use = (await t.engine.habits.of("xiaoyu", person.at)).use
        assert use.minutes[-1] == pytest.approx(30.0) and use.exclusive == 1 and use.streak_days == 1
