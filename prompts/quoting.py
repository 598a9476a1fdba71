"""A person's words as data: nothing in them can pass for a note, a role or the end of a message. Pure.

What looks like structure is changed by a character or two, never deleted as a whole, so that nothing can be put
together out of what is left, and the words stay readable. Authored; the markers are those of ChatML, Llama, Mistral,
Gemma, DeepSeek and Alpaca prompts.
"""

from __future__ import annotations

import re

_LONGEST_RUN = 40  # of one character: longer ones only fill the budget

# Control, format, private and lone surrogate characters, fillers that show nothing, and the selectors and tags in
# which text can be hidden. What joins emoji goes too: the parts of a family stay, side by side.
_UNSEEN_CHARACTERS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ue000-\uf8ff"
    "\ud800-\udfff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_UNSEEN = re.compile(f"[{_UNSEEN_CHARACTERS}]")
_LINE = re.compile(r"[ \t\xa0\u3000]*(?:\r\n|[\r\n\x85\u2028\u2029])\s*")
_MARKS = str.maketrans(
    {
        **dict.fromkeys("〔﹝❲⟮⦗【〖〘〚⟦［", "("),
        **dict.fromkeys("〕﹞❳⟯⦘】〗〙〛⟧］", ")"),
        "＜": "<",
        "＞": ">",
        "｜": "|",
    }
)
_TAG = re.compile(r"<(?=\s*[/|!<_a-zA-Z\u4e00-\u9fff])")  # a heart (<3) and an arrow (<-) stay
_BRACKET = re.compile(r"\[(?=\s*/?\s*(?:inst|sys|assistant|user|tool))", re.IGNORECASE)
_HEADING = re.compile(r"(?m)(?:^[ \t]*(?:#+(?=\s)|={3,}|-{3,}|\*{3,}|>{2,})|#{2,}|`{3,})[ \t]*")
_ROLE = re.compile(
    r"((?<![a-zA-Z])(?:system(?: (?:prompt|message))?|assistant|user|developer|instructions?|(?:side )?notes?"
    r"|response|input|human|ai)|系统(?:提示|消息|指令)?|助手|用户|旁注|指令|开发者)([^\w\n:：]{0,6})[:：]+",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"(?m)^(\s*(?:person|answer|companion|model|example(?: \d+)?|对方|回答|小伴|例[一二三四五\d]))(\s*)[:：]", re.I
)
_RUN = re.compile(rf"(\S)\1{{{_LONGEST_RUN},}}")
# What the rules below could ever touch; most sentences hold none of it.
_SUSPECT = re.compile(
    rf"[{_UNSEEN_CHARACTERS}\n\r\x85\u2028\u2029〔﹝❲⟮⦗【〖〘〚⟦［〕﹞❳⟯⦘】〗〙〛⟧］＜＞｜<\[#`:：]|={{3}}|-{{3}}|\*{{3}}|>{{2}}"
)
_DOUBLE = str.maketrans({"“": "‘", "”": "’", '"': "'", "＂": "'", "「": "‘", "」": "’", "『": "‘", "』": "’"})


def plain(text: str) -> str:
    """The words of a person, or of a reply, with line ends as \\n and without anything that could pass for structure.

    Applying it again changes nothing. Ordinary sentences come back as they are.
    """
    if not _SUSPECT.search(text):
        return (text if len(text) <= _LONGEST_RUN else _RUN.sub(_bounded, text)).strip()
    previous = None
    while text != previous:  # one thing that is taken out may have hidden another
        previous = text
        text = _LINE.sub("\n", _UNSEEN.sub("", text)).translate(_MARKS)
        text = _BRACKET.sub("(", _TAG.sub("‹", text))
        text = _SPEAKER.sub(r"\1\2 -", _ROLE.sub(r"\1\2 -", _HEADING.sub("", text)))
        text = _RUN.sub(_bounded, text)
    return text.strip()


def inline(text: str) -> str:
    """As plain(), on one line and without double quotes, so that it can stand between ours."""
    return " ".join(plain(text).translate(_DOUBLE).split())


def _bounded(run: re.Match[str]) -> str:
    return run[1] * _LONGEST_RUN
