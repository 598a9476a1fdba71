"""Authenticator: every way of saying who is calling, in one place, for one process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from api.auth.credentials import allowed_origin, bearer
from api.auth.keys import KeySet
from api.auth.signing import signing_secret
from api.auth.tokens import OWN_ALGORITHM, Principal, claimed, issue_client_secret, signed_claims, token_header, verify
from companion.errors import AuthenticationError, InputError, StorageError
from companion.settings import Settings

if TYPE_CHECKING:
    from companion.records.repository import Records
    from companion.records.revocations import Revocations

_log = logging.getLogger(__name__)
_REFRESH_S = 2.0  # how long a revocation may take to get here from another process
_PRUNE_S = 3600.0


class Authenticator:
    """Verifies tokens and mints client secrets. Raises ConfigurationError for a secret or key file that is no good."""

    def __init__(self, settings: Settings, revocations: Revocations) -> None:
        self.revocations = revocations
        self._auth = settings.auth
        self._secret = signing_secret(settings)
        self._keys = KeySet(settings.auth.keys) if settings.auth.keys is not None else None

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, records: Records) -> AsyncIterator[Authenticator]:
        """One that learns within 2 s what other processes revoke. Raises StorageError too."""
        from companion.records.revocations import Revocations

        authenticator = cls(settings, Revocations(records.store, records.ring.receipt_key))
        await authenticator.revocations.refresh()
        watching = asyncio.create_task(authenticator._watch())
        try:
            yield authenticator
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def verify(self, token: str | None, now: float) -> Principal:
        """Who may open a session with this token, at now (unix s). Raises AuthenticationError."""
        head = token_header(token)
        assert token is not None
        if head.get("alg") == OWN_ALGORITHM:
            principal = verify(self._secret, token, now, self._auth.leeway_s)
        else:
            principal = self._issued(token, head, now)
        if self.revoked(principal, now):
            raise AuthenticationError("the token was revoked; sign in again")
        return principal

    def verify_handshake(
        self, headers: Mapping[str, str], query: Mapping[str, Any], subprotocols: Sequence[str], now: float
    ) -> Principal:
        """As `verify`, for what a WebSocket's request brings. headers: read by lower-case name."""
        if not allowed_origin(headers.get("origin"), headers.get("host", ""), self._auth.origins):
            raise AuthenticationError("pages of this origin may not connect: list it in COMPANION_AUTH__ORIGINS")
        return self.verify(bearer(headers, subprotocols, query), now)

    def verify_user(self, token: str | None, now: float) -> Principal:
        """As `verify`, for all that is not a session: a client secret is refused."""
        principal = self.verify(token, now)
        if principal.kind != "user":
            raise AuthenticationError("a client secret only opens sessions: send the user's token")
        return principal

    def revoked(self, principal: Principal, now: float) -> bool:
        """Whether a session of this principal must end: it, its person or whoever minted it was revoked, or the key
        that signed it was taken out of the key file."""
        if principal.key_id is not None and (self._keys is None or self._keys.find(principal.key_id, now) is None):
            return True
        named = [(principal.user_id, principal.token_id)]
        if principal.minted_by is not None:
            named.append(principal.minted_by)
        covers, issued_at = self.revocations.covers, principal.issued_at
        return any(covers("user", user, issued_at) or covers("token", token, issued_at) for user, token in named)

    def client_secret(
        self,
        principal: Principal,
        now: float,
        *,
        user_id: str | None = None,
        seconds: float | None = None,
        session: Mapping[str, Any] | None = None,
    ) -> tuple[str, int]:
        """A secret that opens sessions for `seconds`, and until when (unix s); never longer than the principal's token.

        user_id: for whom, where an operator asks. What it opens lasts as long as the token it was minted with, or for
        token_ttl_s when an operator minted it. Raises InputError (forbidden) for a principal that may not.
        """
        if principal.kind != "user":
            raise InputError("a client secret mints no further ones: send the user's token", code="forbidden")
        user_id = user_id or principal.user_id
        if user_id != principal.user_id and principal.role != "operator":
            raise InputError("only an operator's token mints client secrets for others", code="forbidden")
        for_other = user_id != principal.user_id
        until = now + self._auth.token_ttl_s if for_other else principal.expires_at
        expires_at = int(min(now + (seconds or self._auth.client_secret_ttl_s), principal.expires_at))
        secret = issue_client_secret(
            self._secret, principal, user_id, now, expires_at=expires_at, session_until=until, session=session
        )
        return secret, expires_at

    def _issued(self, token: str, head: Mapping[str, Any], now: float) -> Principal:
        key_id = head.get("kid")
        key = self._keys.find(key_id, now) if self._keys is not None and isinstance(key_id, str) else None
        if key is None or key_id is None:
            raise AuthenticationError("the token was not signed by this server, nor with a key that it knows")
        claims = signed_claims(token, key, key.algorithm_name, self._auth.issuer, self._auth.audience)
        return claimed(claims, token, now, self._auth.leeway_s, key_id=key_id)

    async def _watch(self) -> None:
        failing, pruned_at = False, 0.0
        while True:
            await asyncio.sleep(_REFRESH_S)
            try:
                if time.time() - pruned_at >= _PRUNE_S:
                    pruned_at = time.time()
                    await self.revocations.prune(pruned_at)
                await self.revocations.refresh()
            except StorageError as error:
                if not failing:
                    _log.error("revocations cannot be read; those that are known stay in force: %s", error)
                failing = True
            else:
                failing = False
