"""English places: a list of names, streets with and without a number, rooms, postal codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import lexicon, phrases, vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_KIND = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|drive|lane|ln|court|ct|place|"
    r"terrace|parkway|highway|hwy|circle|square|crescent|close)"
)

_STREET = re.compile(
    rf"(?<![a-z0-9])\d{{1,5}}[a-z]? (?:[nsew]\.? |north |south |east |west )?(?:[a-z']+|"
    rf"\d{{1,3}}(?:st|nd|rd|th))(?: [a-z']+)? {_KIND}\b\.?(?:,? (?:apartment|apt|"
    rf"unit|suite|room|#)\.? ?#?[a-z0-9\-]{{1,6}}\b)?"
)
_NAMED = re.compile(
    r"(?<![A-Za-z])(?:[A-Z][a-z']+|\d{1,3}(?:st|nd|rd|th))(?: [A-Z][a-z']+)? "
    r"(?:[Ss]treet|[Aa]venue|[Rr]oad|[Bb]oulevard|[Ll]ane|St|Ave|Rd|Blvd)\b"
)
_NUMBERED = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:Flat|Unit|Apt|Apartment|Suite) ?[0-9A-Za-z]{1,5}, ?)?(?:[A-Z][a-z]+, )?\d{1,5}[A-Za-z]? "
    r"(?:[A-Z][\w']+ ){1,3}(?:Row|Way|Quay|Pier|Wharf|Gardens|Mews|Hill|Walk|Grove|Rise|Park|Exchange|Trail|Loop|Pike|"
    r"Green|Yard|Alley|Run|Heights|Path|Bend|Crossing|Street|Road|Avenue|Ave|Lane|Drive|Terrace|Place|Court|Boulevard)"
    r"(?: (?:NE|NW|SE|SW|N|S|E|W)(?![A-Za-z]))?(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)?"
)
_ROUTE = re.compile(
    r"(?:County Road|County Rd|State Route|Route|Highway|Hwy) \d{1,4}(?: (?:North|South|East|West|[NSEW])\b)?"
)
_HOUSE = re.compile(
    r"(?:[A-Z][a-z]+(?:'s)? ){1,2}(?:Cottage|House|Farm|Manor|Lodge|Residence|Residences|Court|Apartments)"
    r"(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)?"
)
_RELATIVE = re.compile(
    r"(?<![a-z])the (?:end|last|first|corner|second|third) (?:house|cottage|flat|bungalow)"
    r"(?: (?:past|by|after|before|behind|opposite) the [a-z]+)?(?![a-z])"
)
_ROOM = re.compile(r"(?<![a-z])(?:apartment|apt|unit|suite|room|dorm)\.? (?:number )?#?(?=[a-z]?\d)[a-z0-9\-]{1,6}\b")
_POSTAL = re.compile(
    r"(?<![a-z])[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}(?![a-z0-9])|(?<=, )[a-z]{2} \d{5}(?:-\d{4})?(?!\d)|"
    r"(?:zip(?: code)?(?: is)? )(?P<z>\d{5})(?!\d)"
)
_AS_WORD = vocabulary("places_en", "as_word")
_IN = re.compile(
    r"(?:\b(?:in|from|to|at|near|around|visit|visiting|visited|of|via|leave|leaving|"
    r"left|toward|towards|outside)|[\u4e00-\u9fff,])\s*$"
)


def find_english_places(reading: Reading) -> Iterator[Span]:
    """ADDRESS and LOCATION."""
    text = reading.lower
    for pattern in (_STREET, _ROOM, _RELATIVE):
        for found in pattern.finditer(text):
            yield Span(found.start(), found.end(), Entity.ADDRESS, 0.86, "street")
    for found in _NAMED.finditer(reading.text):
        yield Span(found.start(), found.end(), Entity.ADDRESS, 0.75, "street")
    for pattern in (_NUMBERED, _ROUTE, _HOUSE):
        for found in pattern.finditer(reading.text):
            yield Span(found.start(), found.end(), Entity.ADDRESS, 0.86, "house")
    for found in _POSTAL.finditer(text):
        yield Span(*found.span("z" if found["z"] else 0), Entity.ADDRESS, 0.7, "postal")
    places = lexicon().places_en
    for start, end in phrases(text, places):
        name = text[start:end]
        inside = _IN.search(reading.before(start, 12)) is not None
        if name not in _AS_WORD or inside or (start == 0 and reading.text[start].isupper()):
            yield Span(start, end, places[name], 0.8, "list")
