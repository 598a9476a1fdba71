"""turns.parquet: one row a turn, in row groups of bounded size; the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from companion.research.export.talks import Dialogue, Turn

_GROUP = 1024  # rows that are held before they are written
_json = msgspec.json.Encoder(order="deterministic").encode
# Column -> its type in Arrow and what it holds; documented in the card and in Croissant.
COLUMNS: dict[str, tuple[str, str]] = {
    "person": ("string", "pseudonym of the person, for this export only"),
    "dialogue": ("string", "pseudonym of the talk, or of a piece of a long one"),
    "dialogue_number": ("int32", "which of the person's talks it is, in their order, from 0"),
    "turn": ("string", "pseudonym of the turn"),
    "position": ("int32", "place in the dialogue, from 0"),
    "week": ("string", "ISO week, moved by a number of weeks that is the person's secret"),
    "age_band": ("string", "band of the person's age; * where suppressed"),
    "gender": ("string", "as they said; * where suppressed"),
    "province": ("string", "province of China; * where suppressed"),
    "persona": ("string", "persona that answered"),
    "language": ("string", "of the turn"),
    "modality": ("string", "voice, text, or told where nobody had spoken"),
    "state": ("string", "answered, cancelled or failed"),
    "said": ("string", "the person's words, de-identified"),
    "reply": ("string", "the reply, de-identified"),
    "withheld": ("bool", "whether the person's words are withheld, as they were in danger or nobody had read the risk"),
    "answered_by": ("string", "model, script or counsellor"),
    "strategy": ("string", "helping skill that was chosen for the reply"),
    "rating": ("string", "like or dislike, as the person gave it"),
    "trajectory": ("string", "how valence moved up to this turn"),
    "risk_level": ("int8", "0 to 4, as read of this turn; null where it was not read"),
    "risk_kinds": ("list<string>", "kinds of danger that were read, without the words"),
    "words_valence": ("float32", "of the words, -1 to 1 in steps of .2"),
    "words_arousal": ("float32", "of the words, -1 to 1 in steps of .2"),
    "voice_valence": ("float32", "of the voice, -1 to 1 in steps of .2; null for text"),
    "voice_arousal": ("float32", "of the voice, -1 to 1 in steps of .2; null for text"),
    "valence": ("float32", "of both, -1 to 1 in steps of .2"),
    "arousal": ("float32", "of both, -1 to 1 in steps of .2"),
    "emotion": ("string", "likeliest category"),
    "incongruent": ("bool", "whether words and voice disagreed so far that a kind was named"),
    "incongruence_kind": ("string", "which kind"),
    "chat_model": ("string", "name and version of the model that answered"),
    "models": ("string", "JSON: all models that took part, by their part"),
    "labels": ("string", "JSON: question@version -> reviewers' answers to the turn, or what settled them"),
    "dialogue_labels": ("string", "JSON: the same for the whole talk"),
}
_OWN: tuple[str, ...] = (
    *("language", "modality", "state", "said", "reply", "withheld", "answered_by", "strategy", "rating", "trajectory"),
    *("risk_level", "risk_kinds", "words_valence", "words_arousal", "voice_valence", "voice_arousal", "valence"),
    *("arousal", "emotion", "incongruent", "incongruence_kind", "week"),
)


def _row(person: str, quasi: Mapping[str, str], dialogue: Dialogue, position: int, turn: Turn) -> dict[str, Any]:
    row = {name: getattr(turn, name) for name in _OWN}
    row |= {"person": person, "dialogue": dialogue.id, "dialogue_number": dialogue.number, "turn": turn.id}
    row |= {"position": position, "persona": dialogue.persona, "chat_model": turn.models.get("chat")}
    row |= {name: quasi.get(name) for name in ("age_band", "gender", "province")}
    row |= {"models": _json(turn.models).decode(), "labels": _json(turn.labels).decode()}
    return row | {"dialogue_labels": _json(dialogue.labels).decode()}


class TurnsTable:
    """The file while it is written; a context manager. Raises OSError, also for a disk that is full."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        types = {"list<string>": pa.list_(pa.string()), "bool": pa.bool_()}
        fields = [
            pa.field(name, types.get(kind) or getattr(pa, kind)(), metadata={"description": about})
            for name, (kind, about) in COLUMNS.items()
        ]
        self._arrow, self._schema = pa, pa.schema(fields)
        self._writer = parquet.ParquetWriter(str(path), self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, person: str, quasi: Mapping[str, str], dialogue: Dialogue) -> None:
        """A dialogue's turns."""
        self._rows += [_row(person, quasi, dialogue, at, turn) for at, turn in enumerate(dialogue.turns)]
        if len(self._rows) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self.rows += len(self._rows)
            self._rows = []
            self._arrow.default_memory_pool().release_unused()
