import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.budget import cacheable, cut_middle, first_kept, shared_prefix, size, tokens
from prompts.persona import load_persona
from prompts.types import Message, Prompt

MARK = "……（中间略去）……"


def prompt(system: str, history: list[str], words: str) -> Prompt:
    past = tuple(Message("assistant" if n % 2 else "user", text) for n, text in enumerate(history))
    return Prompt((Message("system", system),), past, (Message("user", words),))


@given(st.lists(st.integers(1, 200), min_size=1, max_size=200), st.integers(1, 3_000))
def test_what_stays_fits_and_the_cut_never_moves_back_while_the_history_grows(costs: list[int], room: int) -> None:
    cuts = [first_kept(costs[:n], room) for n in range(1, len(costs) + 1)]
    assert all(sum(costs[cut:n]) <= room for n, cut in enumerate(cuts, 1))
    assert cuts == sorted(cuts)


def test_the_cut_moves_rarely() -> None:
    cuts = [first_kept([40] * n, 800) for n in range(1, 201)]
    assert len(set(cuts)) <= 200 // 9
    assert cuts[19] == 0 and 200 - cuts[-1] >= 10


def test_the_newest_exchange_stays_even_when_it_is_large() -> None:
    assert first_kept([10, 10, 700], 705) == 2
    assert first_kept([10, 10, 900], 705) == 3


@given(st.text(max_size=400), st.integers(12, 300))
def test_a_text_is_cut_in_the_middle_to_what_fits(text: str, room: int) -> None:
    cut = cut_middle(text, room, MARK, tokens)
    assert tokens(cut) <= room
    if tokens(text) <= room:
        assert cut == text
    else:
        assert MARK in cut and text.startswith(cut[:2]) and text.endswith(cut[-2:])


@pytest.mark.parametrize(
    ("name", "language", "counted"),  # by the Qwen2.5 tokenizer, of the system message with its chat template
    [("quiet_listener", "zh", 262), ("quiet_listener", "en", 281), ("student_coach", "zh", 312)],
)
def test_the_estimate_is_near_a_chat_models_count(name: str, language: str, counted: int) -> None:
    assert abs(tokens(load_persona(name, language).system) / counted - 1) < 0.1


def test_the_shared_prefix_of_two_prompts() -> None:
    one = prompt("s" * 400, ["a" * 40, "b" * 40], "〔x〕hello")
    same = prompt("s" * 400, ["a" * 40, "b" * 40, "hello", "yes"], "〔y〕more")
    other = prompt("S" * 400, ["a" * 40, "b" * 40], "〔x〕hello")
    assert shared_prefix(one, one) == 1.0
    assert shared_prefix(one, other) < 0.05
    kept = size(one.stable + one.history)
    assert abs(shared_prefix(one, same) - kept / size(same.messages)) < 0.03


def test_the_report_tells_a_layout_that_keeps_from_one_that_does_not() -> None:
    history: list[str] = []
    kept, lost = [], []
    for n in range(20):
        kept.append(prompt("you are a friend. " * 20, list(history), f"〔note {n}〕turn {n}"))
        lost.append(prompt(f"mood {n}. " + "you are a friend. " * 20, list(history), f"turn {n}"))
        history += [f"turn {n}", "mm, go on"]
    good, bad = cacheable(kept), cacheable(lost)
    assert good.system == 1.0 and good.kept > 0.99
    assert bad.system < 0.2 and bad.kept < 0.1
    assert good.maximum >= good.share and cacheable(kept[:1]).share == 1.0
