"""Our own classifier of words: the lexicon and the trained head together, spoken Chinese, English and both mixed.

A read takes some 0.1 ms. Categories come from the head, which sees what the lexicon found; valence comes from both, so
that a negation or an intensifier next to a word that the lexicon knows always counts.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affect.backends.lexicon import read_scan, shown, signs
from affect.labels import EMOTIONS, UNKNOWN, circumplex, with_unknown
from affect.types import WordAffect
from affect.words.head import Head, default_head, load
from affect.words.scan import Scan, default_lexicon, read_lexicon, scan

_log = logging.getLogger(__name__)
_SAYS = re.compile(r"[^\W\d_]|[\U0001F300-\U0001FAFF\u2600-\u27bf]")
# Sounds that keep the floor or nod: they say little about a state. Authored.
_SOUNDS = re.compile(
    r"(?:嗯|呃|额|啊|哦|噢|喔|唔|那个|这个|就是|然后|喂|\b(?:u[hm]+|hm+|m+|mhm|er+m?|ah|oh|eh|well|so)\b|[^\w])+",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z']+|[\u4e00-\u9fff]+")
_UNKNOWN_OF_SOUNDS, _UNKNOWN_OF_FEW, _UNKNOWN = 0.5, 0.1, 0.03
_FEW = 3  # Chinese characters or Latin words
_LEXICON_SAYS, _LEXICON_OF_TURNED = 0.5, 0.65  # weight of the lexicon in valence; more where a negation turned it
_DENIED, _SURE_OF_DENIAL = 0.4, 0.3


class WordsClassifier:
    """Reads words with a sentence vector where one is given, and without."""

    def __init__(
        self, *, embedder: str | None = None, weights: Path | None = None, lexicon: Path | None = None
    ) -> None:
        """embedder: name of the embedder that the vectors of `read` come from, None when there will be none.

        weights: a head trained by an operator; lexicon: their own lines beside ours. A head that knows another
        embedder reads without vectors, which is logged once. Raises ValueError and OSError for unreadable files.
        """
        self._head: Head = load(weights) if weights else default_head()
        self._lexicon = read_lexicon(lexicon) if lexicon else default_lexicon()
        self._takes_vectors = embedder == self._head.embedder
        if embedder is not None and not self._takes_vectors:
            _log.warning(
                "words are read without sentence vectors: the head knows those of %s, the embedder is %s",
                self._head.embedder,
                embedder,
            )

    def read(self, text: str, language: str | None = None, vector: NDArray[np.float32] | None = None) -> WordAffect:
        """See TextEmotionClassifier.read; plain words are neutral. language is not needed."""
        if not _SAYS.search(text):
            return self._without_words(text)
        found = scan(text, self._lexicon)
        usable = self._takes_vectors and vector is not None and vector.shape == (self._head.dimensions,)
        probabilities = self._head.probabilities(found, vector if usable else None)
        unknown = _unknown(found.text)
        categories = with_unknown(dict(zip(EMOTIONS, map(float, probabilities), strict=True)), unknown)
        axes = circumplex(categories)
        assert axes is not None  # unknown is below 1
        said = read_scan(found)
        valence = _valence(axes[0], said, found)
        uncertainty = 1 - float(probabilities.max()) * (1 - unknown)
        evidence = shown(signs(found))
        if found.denials and not evidence:
            valence, uncertainty = valence * _DENIED, max(uncertainty, 1 - _SURE_OF_DENIAL)
            evidence = (("denial", 0.1),)
        return WordAffect(
            max(-1.0, min(1.0, valence)),
            max(-1.0, min(1.0, axes[1] if said.arousal is None else (axes[1] + said.arousal) / 2)),
            round(uncertainty, 4),
            evidence,
            categories,
        )

    def _without_words(self, text: str) -> WordAffect:
        """ "？？" and ":(" may still say something; "" and "12" do not."""
        said = read_scan(scan(text, self._lexicon))
        return said if said.valence is not None else WordAffect(None, None, 1.0, categories=dict(UNKNOWN))


def _valence(expected: float, said: WordAffect, found: Scan) -> float:
    """expected: of the categories; said: by the lexicon, which leads where a negation turned a feeling round."""
    if said.valence is None or not any(f.valence for f in found.found):
        return expected
    turned = any(f.scale < 0 for f in found.found)
    share = _LEXICON_OF_TURNED if turned else _LEXICON_SAYS
    return share * said.valence + (1 - share) * expected


def _unknown(text: str) -> float:
    words = _WORD.findall(text)
    if _SOUNDS.fullmatch(text) and words:
        return _UNKNOWN_OF_SOUNDS
    size = sum(len(word) if word[0] >= "\u4e00" else 1 for word in words)
    return _UNKNOWN_OF_FEW if size <= _FEW else _UNKNOWN
