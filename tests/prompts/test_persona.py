import re

import pytest

from prompts.budget import tokens
from prompts.persona import Persona, PersonaError, installed, load_persona, parse
from prompts.wording import WORDING

ALL = [load_persona(name, language) for name in installed() for language in ("zh", "en")]
GOOD = """
title = "T"
description = "D"
max_sentences = 2
questions_at_most = 1
never = ["a"]
text = "You are T, an AI."
[[examples]]
note = ""
said = "hi"
answer = "hello"
"""


def ids(persona: Persona) -> str:
    return f"{persona.name}-{persona.language}"


def test_three_voices_in_two_languages_are_installed() -> None:
    assert installed() == ("quiet_listener", "student_coach", "warm_friend")
    assert len({p.system for p in ALL}) == len({p.title for p in ALL}) == len({p.version for p in ALL}) == 6
    assert load_persona("default", "zh") is not None and load_persona("default", "zh").name == "warm_friend"


@pytest.mark.parametrize("persona", ALL, ids=ids)
def test_every_persona_is_an_ai_and_nobodys_lover_or_relative(persona: Persona) -> None:
    never = " ".join(persona.never)
    if persona.language == "zh":
        assert "AI" in persona.character and "不是真人" in persona.character
        assert "恋人" in never and "亲人" in never
    else:
        assert "AI" in persona.character and "not a human" in persona.character
        assert "lover" in never and "relative" in never


@pytest.mark.parametrize("persona", ALL, ids=ids)
def test_every_persona_is_short_enough_for_a_small_model_and_keeps_to_its_own_limits(persona: Persona) -> None:
    assert tokens(persona.system) <= 350
    for example in persona.examples:
        sentences = [part for part in re.split(r"[。！？!?]|\.(?:\s|$)", example.answer) if part.strip()]
        assert len(sentences) <= persona.max_sentences
        assert len(re.findall(r"[？?]", example.answer)) <= persona.questions_at_most


@pytest.mark.parametrize("persona", ALL, ids=ids)
def test_examples_are_worded_as_the_notes_are(persona: Persona) -> None:
    wording = WORDING[persona.language]
    known = [*wording.trends.values(), *(s for pair in wording.disagree.values() for s in pair)]
    starts = [
        form.split("{")[0] for form in (*wording.voice, *wording.words, wording.hour, wording.remember, wording.plan)
    ]
    stop = "。" if persona.language == "zh" else ". "
    for note in filter(None, (e.note for e in persona.examples)):
        for sentence in filter(None, note.replace(stop, stop + "\n").split("\n")):
            sentence = sentence.strip()
            assert sentence in known or any(sentence.startswith(s) for s in starts), sentence
    languages = {bool(re.search(r"[\u4e00-\u9fff]", e.said + e.answer + e.note)) for e in persona.examples}
    assert languages == {persona.language == "zh"}


def test_a_persona_without_that_language_answers_in_chinese() -> None:
    assert load_persona("warm_friend", "fr").language == "zh"


def test_a_persona_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(PersonaError, match="quiet_listener, student_coach, warm_friend"):
        load_persona("../../etc", "zh")


def test_the_version_is_that_of_the_content() -> None:
    one, two = parse("t", "en", GOOD.encode()), parse("t", "en", GOOD.replace("hello", "hey").encode())
    assert one.version != two.version and one.version == parse("other", "en", GOOD.encode()).version
    assert "hello" in one.rules and "You are T" in one.character


@pytest.mark.parametrize(
    ("replaced", "by", "told"),
    [
        ('title = "T"', "", "title"),
        ('title = "T"', "title = 3", "title"),
        ('description = "D"', 'description = " "', "description"),
        ("max_sentences = 2", "max_sentences = 0", "max_sentences.*1 to 6"),
        ("max_sentences = 2", 'max_sentences = "2"', "max_sentences"),
        ("max_sentences = 2", "max_sentences = true", "max_sentences"),
        ("questions_at_most = 1", "questions_at_most = 9", "questions_at_most.*0 to 3"),
        ('never = ["a"]', 'never = "a"', "never.*list"),
        ('never = ["a"]', 'never = ["a", 1]', "never.*list"),
        ('text = "You are T, an AI."', "", "text"),
        ('text = "You are', 'tone = "x"\ntext = "You are', "no field tone"),
        ('said = "hi"', "", r"examples\[0\]: said"),
        ('answer = "hello"', 'answer = "hello"\nmood = 1', r"examples\[0\]: there is no field mood"),
        ("[[examples]]", "[examples]", "examples must be tables"),
        ("[[examples]]", "[[examples", "TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(replaced: str, by: str, told: str) -> None:
    assert replaced in GOOD
    with pytest.raises(PersonaError, match=rf"(?s)personas/t/en\.toml.*{told}"):
        parse("t", "en", GOOD.replace(replaced, by).encode())


def test_a_file_in_another_language_is_refused() -> None:
    with pytest.raises(PersonaError, match=r"fr\.toml.*zh or en"):
        parse("t", "fr", GOOD.encode())
