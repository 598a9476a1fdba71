"""companion.v1, server to client: what a person is asked for, and what they said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from api.realtime.server_events import ServerEvent
from companion.consent.decisions import Decided
from companion.consent.purposes import PURPOSES, Language, guardian_note, purpose_of

if TYPE_CHECKING:
    from companion.engine import Engine


class ConsentText(Struct, frozen=True, kw_only=True):
    """What a person reads before they answer, in plain words."""

    title: str
    what: str
    why: str
    how_long: str
    withdraw: str


class ConsentLabel(Struct, frozen=True, kw_only=True):
    """One purpose. given: true, false (refused or withdrawn), null (not asked for the text in force).

    allowed: whether it may be done as things stand. version: of the text, to be sent with a yes.
    """

    purpose: str
    given: bool | None
    allowed: bool
    version: str
    language: Literal["zh", "en"]
    text: ConsentText


class ConsentEvent(ServerEvent, frozen=True, kw_only=True, tag="companion.consent"):
    """The answer to companion.consent.list and .set. guardian: what applies to a child, null where nothing is known.

    recordings_deleted: turns whose audio went with a withdrawal. memories_left: ask whether they shall be forgotten.
    """

    purposes: Sequence[ConsentLabel]
    guardian: str | None = None
    recordings_deleted: int = 0
    memories_left: int = 0


async def consent_label(engine: Engine, user_id: str, purpose: str, language: Language) -> ConsentLabel:
    """One purpose as it stands for a person. Raises InputError (unknown_purpose), StorageError."""
    wording = engine.consents.wordings[purpose_of(purpose)]
    text = wording.texts[language]
    return ConsentLabel(
        purpose=wording.purpose,
        given=await engine.consents.given(user_id, wording.purpose),
        allowed=await engine.consents.allowed(user_id, wording.purpose),
        version=wording.version,
        language=language,
        text=ConsentText(
            title=text.title, what=text.what, why=text.why, how_long=text.how_long, withdraw=text.withdraw
        ),
    )


async def consent_event(
    engine: Engine, user_id: str, language: Language, decided: Decided | None = None
) -> ConsentEvent:
    """All purposes as they stand. Raises StorageError."""
    decided = decided or Decided()
    return ConsentEvent(
        purposes=[await consent_label(engine, user_id, purpose, language) for purpose in PURPOSES],
        guardian=await note(engine, user_id, language),
        recordings_deleted=decided.recordings,
        memories_left=decided.memories,
    )


async def note(engine: Engine, user_id: str, language: Language) -> str | None:
    """Who agrees for this person, where they are known to be a child."""
    child = await engine.consents.is_child(user_id)
    return guardian_note(language, engine.settings.consent.guardian_below) if child else None
