"""Who is calling: tokens of our own and of an issuer, client secrets, revocations. See docs/auth.md."""

from api.auth.authenticator import Authenticator
from api.auth.credentials import SUBPROTOCOL, allowed_origin, bearer, token_in_query
from api.auth.expiry import Expiry
from api.auth.redaction import keep_tokens_out_of_logs
from api.auth.signing import signing_secret
from api.auth.tokens import ROLES, Principal, issue, verify

__all__ = [
    "ROLES",
    "SUBPROTOCOL",
    "Authenticator",
    "Expiry",
    "Principal",
    "allowed_origin",
    "bearer",
    "issue",
    "keep_tokens_out_of_logs",
    "signing_secret",
    "token_in_query",
    "verify",
]
