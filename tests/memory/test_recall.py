"""Recall brings back what matters of one person, says why, and stays silent about the rest."""

import math
from dataclasses import replace

import numpy as np
import pytest

from memory.recall import Rows, recall
from memory.rows import half_life
from memory.terms import terms
from memory.types import Felt, Memory, MemoryKind, Recall, Sensitivity

DAY = 86_400.0
NOW = 1_700_000_000.0
D = 32


def unit(*numbers: float) -> np.ndarray:
    row = np.zeros(D, np.float32)
    row[: len(numbers)] = numbers
    return row / max(float(np.linalg.norm(row)), 1e-9)


NOWHERE = unit(*[0] * (D - 1), 1)  # near to nothing


def memory(id: str, text: str, *, days_ago: float = 10, **given: object) -> Memory:
    at = NOW - days_ago * DAY
    fields = {"user_id": "p", "kind": MemoryKind.EVENT, "learned_at": at, "valid_from": at} | given
    return Memory(id=id, text=text, **fields)  # type: ignore[arg-type]


def rows(*memories: Memory, vectors: list[np.ndarray] | None = None) -> Rows:
    made = vectors or [unit(*[0] * (n % (D - 2)), 1) for n in range(len(memories))]
    return Rows.of(memories, np.array(made, np.float32))


def ids(found: list[Recall]) -> list[str]:
    return [r.memory.id for r in found]


def ask(query: str, held: Rows, vector: np.ndarray = NOWHERE, **given: object) -> list[Recall]:
    return recall(query, vector, held, now=NOW, **given)  # type: ignore[arg-type]


def test_other_forms_of_a_word_find_it() -> None:
    held = rows(memory("a", "I painted the kitchen wall"), memory("b", "Mum went to the dentist"))
    assert ids(ask("painting kitchens", held)) == ["a"]
    assert ids(ask("has my mother gone to a dentist", held)) == ["b"]


def test_chinese_english_and_both_in_one_sentence() -> None:
    held = rows(
        memory("a", "我养了一只猫叫团子"),
        memory("b", "我的boss让我周末加班"),
        memory("c", "我喜欢游泳"),
        memory("d", "今天吃面"),
    )
    assert ids(ask("我的猫呢", held))[0] == "a"
    assert ids(ask("boss又让我加班了", held))[0] == "b"


def test_nearness_alone_is_enough() -> None:
    held = rows(memory("a", "alpha"), memory("b", "beta"), vectors=[unit(1), unit(0, 1)])
    assert ids(ask("something else", held, unit(1, 0.15))) == ["a"]


def test_nothing_fitting_brings_nothing() -> None:
    held = rows(memory("a", "我养了一只猫叫团子"), memory("b", "I moved to Berlin"))
    assert ask("今天天气怎么样", held) == []
    assert ask("what is the capital of France?", held) == []
    assert ask("Berlin", held, k=0) == [] and ask("Berlin", Rows.of([], np.zeros((0, D), np.float32))) == []


def test_reasons_sum_to_the_score_and_terms_are_the_shared_words() -> None:
    held = rows(memory("a", "I moved to Berlin in March", salience=1.0), memory("b", "I like tea"))
    (found,) = ask("tell about Berlin", held, felt_valence=-0.9, k=1)
    assert found.terms == ("berlin",) and found.current
    assert sum(found.reasons.values()) == pytest.approx(found.score) and 0 < found.score <= 1
    assert found.reasons["shared"] > 0


def test_k_come_back_when_k_fit() -> None:
    held = rows(*[memory(str(n), f"berlin {n}") for n in range(12)], vectors=[unit(1)] * 12)
    assert len(ask("berlin", held, unit(1), k=10)) == 10


def test_what_says_the_same_again_waits_behind_the_rest() -> None:
    held = rows(
        memory("a", "berlin trip"),
        memory("again", "berlin trip!"),
        memory("other", "trip to berlin with the whole family of Ada"),
        vectors=[unit(1), unit(1, 0.01), unit(0.8, 1)],
    )
    found = ids(ask("berlin trip", held, unit(1), k=3))
    assert len(found) == 3 and found[-1] in ("a", "again") and "other" in found[:2]


def test_an_answer_follows_the_question_that_shares_the_words() -> None:
    held = rows(
        memory("other", "Beta quarrel", session_id="1"),
        memory("question", "Which instrument is it?", session_id="2"),
        memory("answer", "Cello!", session_id="2"),
        memory("later", "Goodbye", session_id="3"),
    )
    assert ids(ask("instrument", held))[:2] == ["question", "answer"]
    assert "later" not in ids(ask("instrument", held))


def test_several_hits_lift_a_session() -> None:
    held = rows(
        memory("alone", "berlin gamma", session_id="1"),
        memory("one", "berlin delta", session_id="2"),
        memory("between", "epsilon", session_id="2"),
        memory("two", "berlin zeta", session_id="2"),
    )
    found = {r.memory.id: r for r in ask("berlin", held)}
    assert found["one"].reasons["session"] > found["alone"].reasons["session"]
    assert found["one"].score > found["alone"].score


@pytest.mark.parametrize("text", ["What did I do last week?", "我上周做了什么"])
def test_a_time_brings_what_was_said_in_it(text: str) -> None:
    held = rows(
        memory("old", "alpha", days_ago=60),
        memory("then", "beta", days_ago=7),
        memory("about", "gamma", days_ago=90, about=(NOW - 7 * DAY, NOW - 6 * DAY)),
    )
    assert set(ids(ask(text, held))) == {"then", "about"}


def test_words_of_the_time_are_no_search_terms() -> None:
    held = rows(memory("word", "last week tonight is a show", days_ago=90), memory("hit", "berlin", days_ago=90))
    assert ids(ask("berlin last week", held)) == ["hit"]


def test_a_question_for_a_time_prefers_what_says_when() -> None:
    held = rows(memory("plain", "berlin move"), memory("dated", "berlin move yesterday"), vectors=[unit(1), unit(0, 1)])
    assert ask("when was the berlin move", held)[0].memory.id == "dated"


def test_what_was_replaced_comes_only_as_the_past() -> None:
    old = memory("old", "我住在北京", valid_to=NOW - DAY, superseded_by="new")
    held = rows(old, memory("new", "我住在上海"), vectors=[unit(1), unit(0, 1)])
    assert ids(ask("我住在哪里", held, unit(1, 1))) == ["new"]
    past = ask("我以前住在哪里", held, unit(1, 1))
    assert {r.memory.id: r.current for r in past} == {"old": False, "new": True}
    assert not any(r.current for r in ask("where did I used to live 北京", held) if r.memory.id == "old")


def test_a_past_time_brings_what_held_then() -> None:
    old = memory("old", "I live in Porto", days_ago=900, valid_to=NOW - 30 * DAY)
    held = rows(old, memory("new", "I live in Lyon", days_ago=30), vectors=[unit(1), unit(0, 1)])
    assert not next(r for r in ask("where did I live last year?", held, unit(1, 1)) if r.memory.id == "old").current
    assert ids(ask("where do I live now?", held, unit(1, 1))) == ["new"]


def test_a_crisis_comes_back_only_in_the_persons_own_words() -> None:
    held = rows(memory("crisis", "我爸上个月去世了", sensitivity=Sensitivity.CRISIS), vectors=[unit(1)])
    assert ask("我今天好累", held, unit(1)) == []
    assert ids(ask("想起我爸去世那天", held, unit(1))) == ["crisis"]


@pytest.mark.parametrize("greeting", ["我回来了", "你好呀", "hello", "Do you remember me?", "还记得我吗"])
def test_a_greeting_brings_back_what_is_open_and_not_private(greeting: str) -> None:
    held = rows(
        memory("exam", "下周要考试", salience=0.9),
        memory("debt", "欠了很多钱", salience=1.0, sensitivity=Sensitivity.PRIVATE, kind=MemoryKind.WORRY),
        memory("crisis", "想过自杀", salience=1.0, sensitivity=Sensitivity.CRISIS, kind=MemoryKind.WORRY),
        memory("likes", "喜欢茶", kind=MemoryKind.PREFERENCE),
        memory("worry", "担心妈妈", salience=0.7, kind=MemoryKind.WORRY),
    )
    assert ids(ask(greeting, held)) == ["exam", "worry"]


def test_asking_for_a_thing_with_remember_is_no_greeting() -> None:
    held = rows(memory("exam", "下周要考试", salience=0.9))
    assert ask("你还记得我的鹦鹉叫什么吗", held) == []
    assert ask("do you remember the name of my parrot?", held) == []


def test_balance_does_not_feed_sadness_and_hides_nothing_asked_for() -> None:
    sad = memory("sad", "berlin alpha", felt=Felt(-0.9, 0.0, 0.1))
    good = memory("good", "berlin beta", felt=Felt(0.8, 0.0, 0.1))
    held = rows(sad, good)
    assert ids(ask("berlin", held, felt_valence=-0.8)) == ["good", "sad"]
    assert ids(ask("berlin", held, felt_valence=-0.8, mood="congruent")) == ["sad", "good"]
    assert ids(ask("berlin alpha", held, felt_valence=-0.8))[0] == "sad"
    assert "mood" not in ask("berlin", held, felt_valence=-0.8, mood="off")[0].reasons


def test_strong_feeling_and_recall_slow_forgetting() -> None:
    plain = memory("a", "x")
    assert half_life(replace(plain, felt=Felt(-1.0, 0.0, 0.0))) == pytest.approx(2 * half_life(plain))
    assert half_life(replace(plain, recalls=3)) > half_life(replace(plain, recalls=1)) > half_life(plain)
    held = rows(
        memory("old", "berlin", days_ago=90),
        memory("felt", "berlin", days_ago=90, felt=Felt(-1.0, 0.0, 0.0)),
        memory("recalled", "berlin", days_ago=90, recalls=2, last_recalled=NOW - DAY),
    )
    recent = {r.memory.id: r.reasons["recent"] for r in ask("berlin", held)}
    assert recent["recalled"] > recent["felt"] > recent["old"]


def test_a_named_speaker_is_preferred() -> None:
    held = rows(memory("a", "Melanie: berlin sunset"), memory("b", "Caroline: berlin sunset"))
    assert ids(ask("What did Mel say of berlin?", held))[0] == "a"
    assert ids(ask("What did Caroline say of berlin?", held))[0] == "b"


def test_rows_grow_and_shrink_like_rows_built_at_once() -> None:
    all_of_them = [
        memory(str(n), f"berlin word{n % 7} {'cello' if n % 3 else '大提琴'}", session_id=str(n // 4))
        for n in range(40)
    ]
    vectors = np.random.default_rng(3).normal(size=(40, D)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    grown = Rows.of(all_of_them[:10], vectors[:10])
    first = grown
    for n in range(10, 40):
        grown = grown.with_([all_of_them[n]], vectors[n : n + 1])
    branch = first.with_([all_of_them[39]], vectors[39:])  # the store has grown beyond `first` by then
    for query in ("berlin word3", "大提琴", "cello word1"):
        whole = ask(query, Rows.of(all_of_them, vectors), vectors[5], k=12)
        same = ask(query, grown, vectors[5], k=12)
        assert ids(same) == ids(whole) and [r.score for r in same] == pytest.approx([r.score for r in whole])
        assert ids(ask(query, first, vectors[5], k=12)) == ids(
            ask(query, Rows.of(all_of_them[:10], vectors[:10]), vectors[5], k=12)
        )
        assert "39" in ids(ask(query, branch, vectors[39], k=12))
        kept = [n for n in range(40) if n % 5]
        less = grown.without([str(n) for n in range(0, 40, 5)])
        assert ids(ask(query, less, vectors[5], k=12)) == ids(
            ask(query, Rows.of([all_of_them[n] for n in kept], vectors[kept]), vectors[5], k=12)
        )


def test_what_is_deleted_is_nowhere_in_the_rows() -> None:
    held = rows(memory("a", "zanzibar"), memory("b", "berlin")).without(["a"])
    assert ids(ask("berlin", held)) == ["b"] and ask("zanzibar", held) == []
    assert held.holding("zanzibar")[0].size == 0 and len(held.vectors) == 1


def test_replaced_changes_the_state_and_nothing_else() -> None:
    old = memory("a", "berlin")
    held = rows(old, memory("b", "tea"))
    ended = held.replaced(replace(old, valid_to=NOW - 1))
    assert ids(ask("berlin", held)) == ["a"] and ask("berlin", ended) == []
    with pytest.raises(KeyError, match="with_"):
        held.replaced(memory("c", "berlin"))
    with pytest.raises(ValueError, match="end the old one"):
        held.replaced(replace(old, text="paris"))


def test_ten_thousand_probes_bring_nobody_anothers_memories() -> None:
    random = np.random.default_rng(11)
    words = ["berlin", "cello", "猫咪", "吵架", "exam", "面试", "garden", "失眠"]
    people = []
    for person in range(100):
        texts = [" ".join(random.choice(words, 3)) for _ in range(6)]
        vectors = random.normal(size=(6, D)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        held = [memory(f"{person}-{n}", text, user_id=str(person)) for n, text in enumerate(texts)]
        people.append(Rows.of(held, vectors))
    hits = 0
    for probe in range(10_000):
        mine, other = probe % 100, int(random.integers(100))
        target = people[other]
        row = int(random.integers(6))
        found = recall(target.memories[row].text, target.vectors[row], people[mine], now=NOW, k=6)
        hits += len(found)
        assert all(r.memory.user_id == str(mine) for r in found)
    assert hits > 1000


def test_terms_are_quiet_about_words_without_content() -> None:
    assert terms("What is it that you were doing?") == []
    assert terms("Joaquín's PHOTOS, colour") == ["joaquin", "pictur", "color"]
    assert terms("") == [] and not math.isnan(len(terms("的了吗")))
