"""The consents of a deployment: what its settings ask for, and who is a child by what people said of their age."""

from __future__ import annotations

from collections.abc import Callable

from companion.records.consents import Consents
from companion.records.crypto import KeyRing
from companion.records.database import Store
from companion.records.habits import Habits
from companion.settings import Consent


def consents_in_force(
    settings: Consent, store: Store, ring: KeyRing, habits: Habits, now: Callable[[], float]
) -> Consents:
    """now: unix s, by which ages are reckoned. Without them a child's own yes would count."""
    consents = Consents(store, ring, required=settings.required, audio_days=settings.audio_days)
    consents.child = lambda user_id: habits.child(user_id, settings.guardian_below, now())
    return consents
