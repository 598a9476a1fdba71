"""JSON from models without a grammar, and counts of tokens."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import ChatError
from companion.llm.chat_model import FakeChatModel
from companion.llm.completer import ChatCompleter
from companion.llm.structured import first_object, told
from companion.llm.token_count import TokenCount
from prompts.types import Message

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('{}[]"\\ a你')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), st.sampled_from(["", "Here it is:\n```json\n"]))
def test_an_object_is_cut_out_of_the_prose_around_it(value: dict[str, object], before: str) -> None:
    for ascii_only in (True, False):
        written = json.dumps(value, ensure_ascii=ascii_only)
        assert json.loads(first_object(f"{before}{written}\n``` That's all. {{}}")) == value


@pytest.mark.parametrize("text", ["", "好的", "[1, 2]", '{"a": {"b": 1}', '{"a": "}', "{a: 1}", '{"a": 1,}'])
def test_what_holds_no_whole_object_is_an_error_without_the_words(text: str) -> None:
    with pytest.raises(ChatError, match="no JSON object") as caught:
        first_object(text)
    assert not caught.value.retryable and "好的" not in str(caught.value)


def test_thoughts_are_not_looked_at() -> None:
    assert first_object('<think>{"draft": 1}</think>{"a": 2}') == '{"a": 2}'
    assert first_object('{"text": "他打了 </think> 几个字"}') == '{"text": "他打了 </think> 几个字"}'


def test_the_schema_is_told_in_the_last_message_only() -> None:
    asked = [Message("system", "s"), Message("user", "u")]
    first, last = told(asked, {"type": "object"})
    assert first == asked[0] and last.role == "user"
    assert last.content.startswith("u\n") and '{"type": "object"}' in last.content


def test_a_count_is_made_once_and_the_oldest_is_forgotten() -> None:
    asked = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    counter = TokenCount(count, kept=2)
    assert [counter(t) for t in ("a", "bb", "a", "ccc", "a", "bb")] == [1, 2, 1, 3, 1, 2]
    assert asked == ["a", "bb", "ccc", "bb"]
    assert not any("ccc" in repr(key) for key in counter._known)
    assert counter("\ud800") == 1  # half a character, as a broken client sends it


async def test_memory_asks_a_chat_model_by_roles_and_contents() -> None:
    chat = FakeChatModel(answers=('{"n": 1}', '{"n": 2}'))
    completer = ChatCompleter(chat)
    asked = [("system", "s"), ("user", "u")]
    assert [await completer.complete(asked, {}, 8) for _ in range(3)] == ['{"n": 1}', '{"n": 2}', '{"n": 2}']
    assert chat.completed[0] == (Message("system", "s"), Message("user", "u"))
