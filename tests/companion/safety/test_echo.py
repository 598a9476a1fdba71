from hypothesis import given
from hypothesis import strategies as st

from companion.safety.echo import EchoGuard


def through(said: str, reply: str, sizes: list[int] | None = None) -> tuple[str, bool]:
    guard, out, at = EchoGuard(said, "我在听，你慢慢说。"), "", 0
    for size in sizes or [1] * len(reply):
        out += guard.feed(reply[at : at + size])
        at += size
    out += guard.feed(reply[at:]) + guard.finish()
    return out, guard.echoed


def test_the_persons_words_said_back_are_replaced_whatever_their_marks() -> None:
    assert through("嗯嗯我很好呀", "嗯嗯，我很好呀。") == ("我在听，你慢慢说。", True)
    assert through("I'm fine", "I'm fine!") == ("我在听，你慢慢说。", True)


def test_a_reply_that_takes_up_the_words_and_goes_on_stays_as_it_is() -> None:
    reply = "嗯嗯我很好呀？听着好像有点累。"
    assert through("嗯嗯我很好呀", reply) == (reply, False)
    assert through("你好", "你好呀！") == ("你好呀！", False)


def test_less_than_all_of_it_is_no_echo() -> None:
    assert through("好的好的，那就这样吧", "好的") == ("好的", False)
    assert through("", "我在。") == ("我在。", False) == through("……", "我在。")


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.integers(1, 7), max_size=12))
def test_pieces_never_change_what_comes_out(said: str, reply: str, sizes: list[int]) -> None:
    assert through(said, reply, sizes) == through(said, reply)
