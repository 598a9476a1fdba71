"""The recognisers on Presidio's analyzer: no spaCy model, no predefined recogniser, nothing that asks a network.

Presidio keeps the registry and runs the recognisers over one shared reading of a text; both are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from companion.research.deidentify.dates import find_dates
from companion.research.deidentify.handles import find_handles
from companion.research.deidentify.identifiers import find_codes, find_numbers
from companion.research.deidentify.names_en import find_english_names
from companion.research.deidentify.names_zh import find_chinese_names
from companion.research.deidentify.organizations import find_organizations
from companion.research.deidentify.places import find_places
from companion.research.deidentify.places_en import find_english_places
from companion.research.deidentify.reading import Reading, read
from companion.research.deidentify.tagger import Tagger
from companion.research.deidentify.types import Entity, Span

_LANGUAGE = "zh"  # one registry reads Chinese, English and both in one breath
Find = Callable[[Reading], Iterator[Span]]

FINDERS: tuple[tuple[str, Find, tuple[Entity, ...]], ...] = (
    ("numbers", find_numbers, (Entity.PHONE, Entity.CN_ID, Entity.BANK_CARD, Entity.QQ, Entity.NUMBER)),
    (
        "codes",
        find_codes,
        (
            *(Entity.PLATE, Entity.USCC, Entity.PASSPORT, Entity.TRAVEL_PERMIT),
            *(Entity.HK_ID, Entity.MACAU_ID, Entity.TW_ID, Entity.US_SSN),
        ),
    ),
    ("handles", find_handles, (Entity.EMAIL, Entity.URL, Entity.IP, Entity.WECHAT, Entity.DOUYIN, Entity.ACCOUNT)),
    ("dates", find_dates, (Entity.DATE, Entity.AGE)),
    ("places", find_places, (Entity.ADDRESS, Entity.LOCATION)),
    ("english places", find_english_places, (Entity.ADDRESS, Entity.LOCATION)),
    ("organizations", find_organizations, (Entity.ORGANIZATION,)),
    ("chinese names", find_chinese_names, (Entity.PERSON,)),
    ("english names", find_english_names, (Entity.PERSON,)),
)


class _Artifacts(NlpArtifacts):
    """What Presidio hands to each recogniser: here, the reading."""

    def __init__(self, reading: Reading, engine: NlpEngine) -> None:
        super().__init__([], [], [], [], engine, _LANGUAGE)  # type: ignore[arg-type]  # a spaCy Doc is wanted; none is used
        self.reading = reading


class _Readings(NlpEngine):
    """In place of a language model: folds a text and has the tagger read it."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        """Always."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """The reading of a text."""
        return _Artifacts(read(text, self._tagger), self)

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """The reading of each."""
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        """No words are weighed here."""
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """No words are weighed here."""
        return False

    def get_supported_entities(self) -> list[str]:
        """None of its own."""
        return []

    def get_supported_languages(self) -> list[str]:
        """One name for all."""
        return [_LANGUAGE]


class _Recognizer(EntityRecognizer):
    """One finder as a recogniser of Presidio's."""

    def __init__(self, name: str, find: Find, entities: Iterable[Entity]) -> None:
        self._find = find
        super().__init__([str(entity) for entity in entities], name=name, supported_language=_LANGUAGE)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Spans in the offsets of `text`."""
        assert isinstance(nlp_artifacts, _Artifacts)
        reading = nlp_artifacts.reading
        return [
            RecognizerResult(
                str(span.type),
                *reading.original(span.start, span.end),
                span.score,
                recognition_metadata={"rule": span.rule},
            )
            for span in self._find(reading)
            if span.end > span.start >= 0
        ]


class _NoContext(ContextAwareEnhancer):
    """Surroundings are weighed in the finders, not by lemmas afterwards."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """As they came."""
        return raw_results


class Engine:
    """Presidio's analyzer with our recognisers."""

    def __init__(self, tagger: Tagger) -> None:
        registry = RecognizerRegistry(supported_languages=[_LANGUAGE])
        for name, find, entities in FINDERS:
            registry.add_recognizer(_Recognizer(name, find, entities))
        self._analyzer = AnalyzerEngine(
            registry=registry,
            nlp_engine=_Readings(tagger),
            supported_languages=[_LANGUAGE],
            context_aware_enhancer=_NoContext(),
        )

    def found(self, text: str) -> list[Span]:
        """All that the recognisers find in a text of a few sentences, overlapping, in its own offsets."""
        return [
            Span(r.start, r.end, Entity(r.entity_type), r.score, (r.recognition_metadata or {}).get("rule", ""))
            for r in self._analyzer.analyze(text, _LANGUAGE)
        ]
