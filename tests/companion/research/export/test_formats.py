"""Lines of each format, from dialogues that are masked already."""

from __future__ import annotations

import json
from typing import Any

from companion.research.export.dialogues import echoes, plain
from companion.research.export.formats import CONTEXT, lines
from companion.research.export.rarities import Flagged, Masking
from companion.research.export.request import FORMATS
from companion.research.export.talks import WITHHELD, Dialogue, Turn

QUASI = {"age_band": "25-34", "gender": "*", "province": "广东"}


def turn(index: int, said: str | None, reply: str | None, rating: str | None = None, **other: Any) -> Turn:
    fixed: dict[str, Any] = {"week": "2025-W10", "modality": "voice", "state": "answered", "answered_by": "model"}
    return Turn(id=f"t_{index}", index=index, said=said, reply=reply, rating=rating, **{**fixed, **other})


def made(*dialogues: Dialogue, training: bool = True) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in FORMATS}
    for name, line in lines("p_1", QUASI, dialogues, FORMATS, training=training):
        assert line.endswith(b"\n") and line.count(b"\n") == 1
        found[name].append(json.loads(line))
    return found


def talk(*turns: Turn, number: int = 0) -> Dialogue:
    return Dialogue(f"s_{number}", number, "warm_friend", "zh", list(turns))


def test_one_line_a_talk_with_who_said_what() -> None:
    found = made(talk(turn(0, "你好", "你好呀"), turn(1, None, "还在吗？", modality="told"), turn(2, "在", None)))
    (line,) = found["messages"]
    assert [(m["role"], m["content"]) for m in line["messages"]] == [
        ("user", "你好"),
        ("assistant", "你好呀"),
        ("assistant", "还在吗？"),
        ("user", "在"),
    ]
    assert line["turns"] == ["t_0", "t_0", "t_1", "t_2"]
    assert (line["person"], line["age_band"], line["province"], line["language"]) == ("p_1", "25-34", "广东", "zh")
    (line,) = found["sharegpt"]
    assert [one["from"] for one in line["conversations"]] == ["human", "gpt", "gpt", "human"]


def test_a_talk_in_which_nothing_was_said_has_no_line() -> None:
    assert made(talk(turn(0, None, None)), talk(number=1)) == {name: [] for name in FORMATS}


def test_ratings_of_the_models_replies_become_kto_and_no_others() -> None:
    turns = [
        turn(0, "难受", "我在", "like"),
        turn(1, "烦", "别烦", "dislike"),
        turn(2, "嗯", "脚本", "like", answered_by="script"),
        turn(3, WITHHELD, "我在", "like", withheld=True),
        turn(4, None, "还在吗", "like"),
        turn(5, "好", "好", None),
    ]
    found = made(talk(*turns))["kto"]
    assert [(row["prompt"][-1]["content"], row["label"]) for row in found] == [("难受", True), ("烦", False)]
    assert [len(row["prompt"]) for row in found] == [1, 3]
    assert made(talk(*turns), training=False)["kto"] == []


def test_the_context_of_a_rated_reply_is_bounded() -> None:
    turns = [turn(n, f"话{n}", f"答{n}") for n in range(40)]
    turns[39].rating = "like"
    (row,) = made(talk(*turns))["kto"]
    assert len(row["prompt"]) == 2 * CONTEXT + 1 and row["prompt"][0]["content"] == f"话{39 - CONTEXT}"


def test_a_pair_is_two_replies_to_the_same_words_in_the_same_place() -> None:
    again = [turn(0, "早", "早"), turn(1, "难受", "别想了", "dislike"), turn(2, "难受", "我在听", "like")]
    (pair,) = made(talk(*again))["dpo"]
    assert pair["chosen"][0]["content"] == "我在听" and pair["rejected"][0]["content"] == "别想了"
    assert [message["content"] for message in pair["prompt"]] == ["早", "早", "难受"]
    two = (talk(turn(0, "难受", "我在听", "like")), talk(turn(0, "难受", "别想了", "dislike"), number=1))
    assert len(made(*two)["dpo"]) == 1


def test_no_pair_is_made_up() -> None:
    elsewhere = [turn(0, "难受", "别想了", "dislike"), turn(1, "早", "早"), turn(2, "难受", "我在听", "like")]
    assert made(talk(*elsewhere))["dpo"] == []  # the same words, in another context
    both = [turn(0, "难受", "我在听", "like"), turn(1, "难受", "我在这", "like")]
    assert made(talk(*both))["dpo"] == []
    same = [turn(0, "难受", "我在", "like"), turn(1, "难受", "我在", "dislike")]
    assert made(talk(*same))["dpo"] == []


def test_what_turns_the_writing_or_cannot_be_seen_goes() -> None:
    assert plain("a\u202eb\x00c\x1b[2J\nd\te\ufeff\ud800f") == "abc[2J\nd\tef"
    assert plain("你好，世界 🙂") == "你好，世界 🙂"


def test_a_reply_that_says_withheld_words_again_is_noticed() -> None:
    said = "我已经把药都准备好了，今晚就走"
    assert echoes(said, "你说，药都准备好了。我很担心你。")
    assert not echoes(said, "谢谢你告诉我。你现在安全吗？")
    assert echoes("去死", "你说去死，是什么意思？") and not echoes("", "嗯")


def flag(number: int, start: int, end: int, words: str) -> Flagged:
    made = {"dialogue": "s_0", "turn": number, "start": start, "end": end, "kind": "unique", "reason": "r"}
    return Flagged(id=f"flag_{number}_{start}", before="", words=words, after="", **made)  # type: ignore[arg-type]


def test_flags_are_masked_unless_somebody_keeps_them() -> None:
    said = "我是队里唯一的女消防员，去年上过省台"
    words = ["队里唯一的女消防员", "女消防员，", "省台"]
    flags = [flag(0, said.index(one), said.index(one) + len(one), one) for one in words]
    reply = f"原来你是{words[0]}！"
    masked = Masking(flags, {}).masked(talk(turn(0, said, reply)))
    assert masked.turns[0].said == f"我是{WITHHELD}去年上过{WITHHELD}"
    assert masked.turns[0].reply == f"原来你是{WITHHELD}！"
    keeps = dict.fromkeys([one.id for one in flags], "keep")
    assert Masking(flags, keeps).masked(talk(turn(0, said, reply))).turns[0].said == said  # type: ignore[arg-type]
