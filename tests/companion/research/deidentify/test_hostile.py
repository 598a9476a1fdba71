"""What comes in is anything: time stays bounded, offsets are those of the text as it came."""

import base64
import random
import socket
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.research.deidentify import Deidentifier, Entity, Span, Surrogates
from companion.research.deidentify.deidentifier import settled
from companion.research.deidentify.engine import FINDERS

PIECES = "我叫王建国 138 0013 8000\x00\u202e\u200b张·三號，。@a.com幺二三ＡＢ😀\ud800́老师路27号 Sarah at:"
NOISE = random.Random(5)
LONG = {
    "one digit": "1" * 100_000,
    "digits apart": "1 " * 10_000,
    "digits in brackets": "(1" * 10_000,
    "commas": ",1" * 15_000,
    "names": "王·" * 6_000,
    "bidi": "\u202e13800138000\u202c" * 7_000,
    "NUL": "1\x003\x008\x00" * 16_000,
    "zip in text": base64.b64encode(NOISE.randbytes(75_000)).decode(),
    "zip as text": NOISE.randbytes(100_000).decode("latin1"),
    "address": "http://" + "a/" * 50_000,
    "mail": "a" * 99_990 + "@b.com",
    "speech": "我叫王建国住在海淀区中关村大街27号电话13800138000" * 600,
}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_line_takes_seconds(finder: Deidentifier, kind: str) -> None:
    text = LONG[kind]
    started = time.process_time()
    spans = finder.spans(text)
    Surrogates().replaced(text, spans)
    assert time.process_time() - started < 5 + len(text) / 20_000
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))


@given(st.one_of(st.text(max_size=80), st.text(alphabet=PIECES, max_size=120)))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_spans_in_order_within_it(finder: Deidentifier, text: str) -> None:
    spans = finder.spans(text)
    assert all(0 <= span.start < span.end <= len(text) and 0 <= span.score <= 1 for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert spans == finder.spans(text)


def test_of_two_that_overlap_the_surer_stays_whole_and_the_rest_of_the_other_stays_masked() -> None:
    phone, number = Span(0, 11, Entity.PHONE, 0.97), Span(5, 15, Entity.NUMBER, 0.4)
    inside, beside = Span(2, 4, Entity.PERSON, 0.89), Span(15, 16, Entity.PERSON, 0.5)
    assert settled([inside, number, beside, phone]) == [phone, Span(11, 15, Entity.NUMBER, 0.4), beside]


def test_no_number_hides_behind_what_cannot_be_seen_or_behind_its_neighbours(finder: Deidentifier) -> None:
    for text in ("13800138000\u200b13900139000", "\u202e13800138000\u202c13900139000", "13800138000" * 9):
        masked = {at for span in finder.spans(text) for at in range(span.start, span.end)}
        assert all(at in masked for at, sign in enumerate(text) if sign.isdigit())


def test_a_number_far_into_a_long_turn_keeps_its_offsets(finder: Deidentifier) -> None:
    before = "今天天气很好，我们出去走了走。" * 200
    for joint in ("", "啊" * 300):
        text = before + joint + "我的电话是13800138000，" + joint + "你记一下"
        span = next(span for span in finder.spans(text) if span.type is Entity.PHONE)
        assert text[span.start : span.end] == "13800138000"


def test_a_long_address_is_masked_to_its_end(finder: Deidentifier) -> None:
    address = "https://example.com/?" + "&".join(f"k{n}=wang{n}" for n in range(100))
    text = "你看 " + address + " 就知道"
    assert [(s.start, s.end, s.type) for s in finder.spans(text)] == [(3, 3 + len(address), Entity.URL)]


def test_nothing_reaches_for_the_network_and_no_recogniser_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a privacy tool called out")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    fresh = Deidentifier.shipped()
    assert fresh.spans("邮箱lily@example.co.uk，网址www.example.co.uk")[0].type is Entity.EMAIL
    recognizers = fresh._engine._analyzer.registry.recognizers
    assert {r.name for r in recognizers} == {name for name, _, _ in FINDERS}
