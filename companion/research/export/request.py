"""What a researcher asks for: whose talk, in which formats, how coarse. Pure; checked before anybody is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from companion.errors import InputError

Format = Literal["messages", "sharegpt", "kto", "dpo", "turns"]
Rated = Literal["like", "dislike"]
FORMATS: tuple[Format, ...] = get_args(Format)
PAIRS: frozenset[Format] = frozenset({"kto", "dpo"})  # these take consent to training too
K_INTERNAL, K_PUBLIC, L = 5, 11, 2  # reference: common k; 11 as the cell rule of CMS; l over sensitive values
_PURPOSE = (20, 2000)  # characters; authored
_NARROWEST_DAYS = 28  # of a window of time: within a narrower one the shifted week tells the true one; authored
_DAYS = 365  # that an export may be downloaded for; authored
_PLAIN = re.compile(r"[\w.:/@-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which sessions. since, until: unix s, [since, until) of their beginning; language, persona, model: theirs.

    rated: at least one reply in them was given that rating; min_turns: at least so many turns.
    """

    since: float | None = None
    until: float | None = None
    language: str | None = None
    persona: str | None = None
    model: str | None = None
    rated: Rated | None = None
    min_turns: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """k: people at least who share their quasi-identifiers; l: sensitive values at least among them. public: to be
    published, so that k is K_PUBLIC at least. crisis_text: words of turns in danger too, if the approver agrees.
    expires_days: after which the files are deleted.
    """

    formats: tuple[Format, ...] = ("messages", "turns")
    filters: Filters = field(default_factory=Filters)
    k: int = K_INTERNAL
    l: int = L  # noqa: E741
    public: bool = False
    crisis_text: bool = False
    realistic: bool = False
    expires_days: int = 90

    def to_json(self) -> dict[str, Any]:
        """For the database and the manifest."""
        return asdict(self) | {"formats": list(self.formats)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Request:
        """As `to_json` gave it."""
        return cls(**{**told, "formats": tuple(told["formats"]), "filters": Filters(**told["filters"])})


def checked(request: Request, now: float) -> Request:
    """The request with its formats in their order, each once. now: unix s. Raises InputError (invalid_request)."""
    if unknown := set(request.formats) - set(FORMATS):
        raise InputError(f"{len(unknown)} unknown formats: choose of {', '.join(FORMATS)}", code="invalid_request")
    if not request.formats:
        raise InputError(f"name at least one format of {', '.join(FORMATS)}", code="invalid_request")
    least = K_PUBLIC if request.public else K_INTERNAL
    if not least <= request.k <= 1000:
        raise InputError(f"k is {least} at least, and 1000 at most: {least} is the usual", code="invalid_request")
    if not 1 <= request.l <= 5:
        raise InputError("l is 1 to 5; the labels that it counts have five values", code="invalid_request")
    if request.public and request.crisis_text:
        raise InputError("words of people in danger are not published: leave out crisis_text", code="invalid_request")
    if not 1 <= request.expires_days <= _DAYS:
        raise InputError(f"an export is there for 1 to {_DAYS} days", code="invalid_request")
    wanted = request.filters
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise InputError("since must be before until", code="invalid_request")
    until = now if wanted.until is None else min(now, wanted.until)
    if wanted.since is not None and until - wanted.since < _NARROWEST_DAYS * 86_400.0:
        raise InputError(
            f"ask for {_NARROWEST_DAYS} days at least: a narrower window would tell when somebody talked",
            code="invalid_request",
        )
    if not 1 <= wanted.min_turns <= 1000:
        raise InputError("min_turns is 1 to 1000", code="invalid_request")
    for name in ("language", "persona", "model"):
        value = getattr(wanted, name)
        if value is not None and not _PLAIN.fullmatch(value):
            raise InputError(f"{name} is a name of up to 100 letters, digits and .:/@-", code="invalid_request")
    if wanted.rated is not None and wanted.rated not in get_args(Rated):
        raise InputError("rated is like or dislike", code="invalid_request")
    return Request(
        formats=tuple(one for one in FORMATS if one in request.formats),
        filters=wanted,
        k=request.k,
        l=request.l,
        public=request.public,
        crisis_text=request.crisis_text,
        realistic=request.realistic,
        expires_days=request.expires_days,
    )


def checked_purpose(purpose: str) -> str:
    """Why somebody wants it, in their words, without what cannot be printed. Raises InputError (invalid_request)."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in purpose).split())
    if not _PURPOSE[0] <= len(plain) <= _PURPOSE[1]:
        raise InputError(
            f"say in {_PURPOSE[0]} to {_PURPOSE[1]} characters what the export is for: somebody has to agree to it",
            code="invalid_request",
        )
    return plain
