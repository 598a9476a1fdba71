"""When an open session's token runs out, and how another takes its place. Pure: time comes in, in unix seconds."""

from __future__ import annotations

from typing import Literal

from api.auth.tokens import Principal
from companion.errors import AuthenticationError

WARNING_S = 60.0  # how long before; authored: time for an app to ask its backend twice


class Expiry:
    """Of one session. principal: whoever it goes on for, until principal.expires_at."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._warned = False

    def step(self, now: float) -> Literal["token_expiring", "token_expired"] | None:
        """What is to be told at now: once that the token is about to expire, and then that it has."""
        left_s = self.principal.expires_at - now
        if left_s <= 0:
            return "token_expired"
        if left_s > WARNING_S or self._warned:
            return None
        self._warned = True
        return "token_expiring"

    def renew(self, principal: Principal) -> None:
        """Go on for a token that was verified. Raises AuthenticationError, and then the former one stays in force."""
        if principal.user_id != self.principal.user_id:
            raise AuthenticationError("the new token speaks for somebody else; this session stays with its person")
        if principal.expires_at <= self.principal.expires_at:
            raise AuthenticationError("the new token does not last longer than the one in use")
        self.principal, self._warned = principal, False
