"""English names, as typed and as a recogniser writes them in lower case: lists, titles, and what stands around."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import lexicon, vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['\-][A-Za-z\u00c0-\u024f]+)*")
_TITLES = vocabulary("names_en", "titles")
_WEAK_TITLES = vocabulary("names_en", "weak_titles")
_CUES = re.compile(
    r"(?:name is|name's|names|named|called|call me|call him|call her|i'm|i am|"
    r"im|this is|it's|its|it is|told|asked|with|and|miss|missed|love|loved|hate|"
    r"hated|saw|met|see|dated|dating|date|from|to|for|texted|called|"
    r"tell|ask|about|trust|trusted|kissed|at|by|like|believe|thank|thanks|dear|"
    r"hey|hi|hello|bye|than|without|against|(?:my|his|her|our|their) (?:\w+ )?(?:boyfriend|"
    r"girlfriend|husband|wife|son|daughter|brother|sister|friend|bff|cousin|uncle|"
    r"aunt|boss|ex|roommate|"
    r"neighbor|neighbour|partner|fiance|fiancee|mom|mum|dad|teacher|therapist|"
    r"dog|cat|grandson|granddaughter|nephew|niece|baby|kid|crush|manager|coworker|"
    r"colleague|classmate|professor|counselor|grandma|grandpa|stepdad|stepmom|"
    r"twin|counsellor|coach))\s*,?\s*$"
)
_NAMED = re.compile(
    r"(?:my|his|her|their|whose|the|its) (?:\w+(?:'s)? )?(?:full |real |first |"
    r"last )?name(?:'s| is| was)\s*$|(?:named|call(?:ed)?) (?:her|him|them|it)\s*$|"
    r"(?:named|call me|calls me|calls him|name is|"
    r"goes by)\s*$|(?:我叫|叫|名字是|英文名是?|英文名叫)\s*$"
)
_BY_NAME = re.compile(r"name(?:d|'s| is| was)?\s*$")  # what follows is a name, though in small letters and on no list
_KIN = re.compile(
    r"(?:my|his|her|our) (?:\w+ )?(?:boyfriend|girlfriend|husband|wife|son|daughter|"
    r"brother|sister|friend|bff|cousin|uncle|aunt|boss|ex|roommate|neighbor|neighbour|"
    r"partner|fiance|fiancee|teacher|therapist|dog|cat|grandson|granddaughter|"
    r"nephew|niece|crush|manager|coworker|colleague|classmate|stepdad|stepmom|"
    r"twin)\s*,?\s*$"
)
_ME = re.compile(r"(?:i'm|i am|im|this is|it's|it is|i be)\s*$")
_DOES = re.compile(
    r"(?:'s (?:party|mom|dad|house|name|birthday|friend|place|room|car|phone|"
    r"death|funeral|family|wedding)|,? (?:said|says|told|tells|asked|asks|thinks|"
    r"thought|called|calls|texted|texts|left|hates|loves|loved|likes|wants|wanted|"
    r"died|passed|hit|hits|cheated|dumped|keeps|kept|won't|wont|doesn't|doesnt|"
    r"didn't|didnt|isn't|hasn't|never|"
    r"always|yelled|screamed|laughed|moved|broke|got|gave|took|made|makes|went|"
    r"came|lied|used to|started|stopped|promised|invited|is (?:my|a|the|so|always|"
    r"being|not|getting|coming|mad|angry|sick|dead|gone)|was (?:my|a|the|so|always|"
    r"being|not|mad|angry|there|here)|has (?:been|a|to)|and i|&|and (?:her|his|"
    r"me|my)|from (?:work|school|accounting|hr|church|class)|needs|hurt|helped|"
    r"understands|knows|"
    r"说|和|跟|又|也|哥|姐|老师|他|她|不|没|的|在|今天|昨天|天天|每天|是|给|把|让|要|会|都|你|走|来|约))"
)
_CAPS = vocabulary("names_en", "caps")


_LIVES = re.compile(
    r" (?:works|lives|ran|runs|plays|goes|sits|stays|sleeps|is|was|has|had|sent|bought|found|thinks)(?![a-z])"
)
_BOTH = vocabulary("names_en", "both")
_TO_PLACE = re.compile(
    r"(?:\b(?:in|from|near|at|visit|visiting|visited|leave|leaving|around)"
    r"|\b(?:go|going|goes|went|gone|move|moved|moving|fly|flew|flying|drive|drove|back|trip|travel|travelled|traveled|"
    r"come|came|get|got|returned|relocated|way|bus|train|flight|ticket) to)\s*$"
)
_PERSON_DOES = re.compile(
    r"'s (?:mom|dad|party|birthday|house|funeral|wedding|friend|boyfriend|girlfriend|"
    r"parents)|,? (?:said|says|told|tells|asked|asks|texted|texts|called|calls|"
    r"thinks|thought|hates|loves|hugged|left|cheated|dumped|yelled|screamed|laughed|"
    r"promised|invited|lied|"
    r"kissed|smiled|cried|died|wants|likes|likes|misses|apologized|ignored|ghosted|"
    r"blocked|moved|and i|is (?:my|mad|angry)|was (?:my|mad|angry)|hasn't|won't|"
    r"doesn't|didn't|pushed|shoved|punched|slapped|grabbed|bullied|followed|and every(?:one|body)|and (?:her|his) "
    r"friends?)(?![a-z])"
)
_ANSWER = re.compile(r"\. (?:she|he)(?:'s|'d|'ll|s)?(?![a-z])")  # "Kaylee. she won't talk to me"
_AND_NAME = re.compile(r" (?:and|&) (?P<n>[A-Z][a-z]+)(?![A-Za-z])")
_CLAUSE_END = re.compile(r"\s*(?:[.,!?;]|$)")
_HOUSEHOLD = re.compile(r"(?<![A-Za-z])the (?P<n>[A-Z][a-z]{3,15})s(?![A-Za-z])")
_MONTHS = frozenset(["may", "june", "april", "august", "january", "march", "summer", "autumn"])
_TELLING = vocabulary("names_en", "telling")
_AUXILIARY = re.compile(r"(?: (?:not|never|always|have|be|you|i|we|they|he|she))")
_WORDS = vocabulary("names_en", "words")
_STOP = vocabulary("names_en", "stop")
_PLAIN = vocabulary("names_en", "plain")


def find_english_names(reading: Reading) -> Iterator[Span]:
    """PERSON."""
    words = list(_WORD.finditer(reading.text))
    taken = 0
    for k, word in enumerate(words):
        if word.start() < taken:
            continue
        score, rule = _score(_Seen(reading, words, k))
        if score:
            taken = _with_family(reading, words, k)
            first = _with_given(reading, words, k) if rule in ("doubtful", "capital") else word.start()
            yield Span(first, taken, Entity.PERSON, score, rule)
    for family in _HOUSEHOLD.finditer(reading.text):
        if family["n"].lower() in lexicon().family:
            yield Span(family.start("n"), family.end(), Entity.PERSON, 0.6, "household")


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("'S")


class _Seen:
    """A word and what stands around it. title: the word before it, where only a blank or a stop is between."""

    def __init__(self, reading: Reading, words: list[re.Match[str]], k: int) -> None:
        word, lists = words[k], lexicon()
        self.reading, self.start = reading, word.start()
        self.text = _bare(word[0])
        self.lower = self.text.lower()
        self.shouted = len(self.text) > 1 and self.text.isupper()
        self.capital = self.text[0].isupper() and not self.shouted
        self.before = reading.before(word.start(), 40)
        self.after = reading.after(word.start() + len(self.text), 24)
        between = reading.text[words[k - 1].end() : word.start()] if k else ""
        self.title = words[k - 1][0].lower() if between in (" ", ". ", ".", "  ") else ""
        self.given, self.family = self.lower in lists.given, self.lower in lists.family
        self.doubtful, self.place = self.lower in lists.doubtful, self.lower in lists.places_en
        self.listed = self.given or self.family or self.doubtful
        self.stop = self.lower in _STOP
        self.month = self.lower in _MONTHS
        self.first = reading.begins_sentence(word.start())
        self.kin = _KIN.search(self.before) is not None
        self.does = _DOES.match(self.after) is not None
        following = words[k + 1] if k + 1 < len(words) else None
        self.has_family = (
            following is not None
            and following[0][0].isupper()
            and reading.text[word.end() : following.start()] == " "
            and following[0].lower() in lists.family
        )


def _score(seen: _Seen) -> tuple[float, str]:
    """How sure, and by which rule; (0, "") for no name."""
    if seen.title in _TITLES and seen.lower not in _CAPS and not seen.stop:
        ordinary = seen.title in _WEAK_TITLES and not seen.given and (not seen.family or seen.lower in _WORDS)
        if seen.capital or (seen.listed and not ordinary):
            return 0.9, "title"
    if len(seen.text) < 2 or (seen.lower in _CAPS and not seen.doubtful):
        return 0.0, ""
    named = _NAMED.search(seen.before)
    if named and not seen.stop and (seen.capital or seen.listed or (_BY_NAME.search(named[0]) and len(seen.text) > 2)):
        return 0.88, "named"
    relative = seen.kin and not seen.stop and not seen.place and not seen.lower.endswith(("ly", "ing"))
    if relative and len(seen.lower) > 2 and (seen.does or _LIVES.match(seen.after)):
        return 0.6, "kin"
    if seen.lower in _BOTH and not _TO_PLACE.search(seen.before) and (_CUES.search(seen.before) or seen.does):
        return 0.9, "no place"
    if seen.place:
        return 0.0, ""
    if seen.given:
        return 0.6 if seen.shouted else 0.85, "given"
    if seen.doubtful or (seen.family and seen.capital):
        return _doubtful(seen)
    return _unknown(seen)


def _doubtful(seen: _Seen) -> tuple[float, str]:
    """A word that is a name only by its surroundings, or a surname alone."""
    if seen.title in ("the", "a", "an", "this", "that", "your"):
        return 0.0, ""
    cued = seen.kin or (_CUES.search(seen.before) is not None and not _ME.search(seen.before))
    if seen.capital:
        if seen.has_family or seen.kin or (not seen.doubtful and not seen.first):
            return 0.7, "doubtful"
        if (not seen.first and not seen.month) or (seen.does and (cued or not seen.month)):
            return 0.65, "doubtful"
        return 0.0, ""
    if seen.shouted or seen.month or seen.lower in _WORDS:
        return 0.0, ""
    telling = seen.does and seen.lower in _TELLING and not _AUXILIARY.match(seen.after)
    if (seen.kin and seen.lower != "will") or (cued and seen.does) or telling:
        return 0.55, "doubtful"
    return 0.0, ""


def _unknown(seen: _Seen) -> tuple[float, str]:
    """A capital where no sentence begins, or before what only people do."""
    if not seen.capital or seen.stop or not seen.text[1:].islower():
        return 0.0, ""
    if seen.title in ("the", "a", "an") or seen.lower.endswith(("ism", "ist", "ists", "ese", "ish")):
        return 0.0, ""
    text, end = seen.reading.text, seen.start + len(seen.text)
    if re.search(r"[\u4e00-\u9fff]", text[max(0, seen.start - 1) : end + 1]):
        sure = seen.does or re.search(r"[跟和叫给对把被让]$", seen.before) is not None
        return (0.55, "capital") if sure else (0.0, "")
    both = _AND_NAME.match(seen.reading.text, seen.start + len(seen.text))
    if seen.start == 0 and both is not None and both["n"].lower() not in _CAPS | _STOP:
        return 0.55, "both"
    if seen.start == 0 and _ANSWER.match(seen.after) and not seen.lower.endswith(("ly", "s")):
        return 0.55, "answer"
    if seen.first and not _PERSON_DOES.match(seen.after) and not _ME.search(seen.before) and not seen.kin:
        return 0.0, ""
    return (0.0, "") if seen.lower in lexicon().bodies_en else (0.5, "capital")


def _with_given(reading: Reading, words: list[re.Match[str]], k: int) -> int:
    """Where the name begins: with a capital word before a surname, which no list has for a given name."""
    before = words[k - 1] if k else None
    if before is None or reading.text[before.end() : words[k].start()] != " ":
        return words[k].start()
    word = before[0]
    plain = word.lower() in _STOP or word.lower() in _CAPS or word.lower() in _TITLES
    named = word[0].isupper() and word[1:].islower() and word.isalpha()
    first = reading.begins_sentence(before.start())
    alone = _CLAUSE_END.match(reading.text, words[k].end()) is not None and word.lower() not in _WORDS
    return before.start() if named and not plain and (alone or not first) else words[k].start()


def _with_family(reading: Reading, words: list[re.Match[str]], k: int) -> int:
    """Where the name ends: with the surname behind the given name."""
    end = words[k].start() + len(_bare(words[k][0]))
    capital = words[k][0][0].isupper()
    for following in words[k + 1 : k + 3]:
        name = _bare(following[0])
        between = reading.text[end : following.start()]
        lower = name.lower()
        if between not in (" ", " .", ". ", "-"):
            break
        known = lower in lexicon().family or lower in lexicon().given or lower in lexicon().doubtful
        if (capital and name[0].isupper() and lower not in _CAPS and lower not in lexicon().places_en) or (
            not capital
            and (lower in lexicon().family or lower in lexicon().given)
            and lower not in _STOP
            and lower not in _PLAIN
        ):
            if capital and not known and not name[1:].replace("'", "").isalpha():
                break
            end = following.start() + len(name)
        else:
            break
    return end
