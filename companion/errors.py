"""The error tree.

CompanionError
├── ConfigurationError      a setting is wrong or missing; start again with another
│   └── ModelUnavailable    a model pack, directory or endpoint cannot be had
├── InputError              what came in cannot be used; the sender must change it
│   ├── AudioError          not audio, wrong rate, NaN, too short, too long
│   └── ProtocolError       a frame that is not of the protocol; has a wire code
├── AuthenticationError     no token, expired, or not ours
├── Moved                   another process goes on with this session, or its person was erased
├── Overloaded              too much to do for one more session; `retry_after_s` says when to come again
└── ServiceError            something we depend on failed; `retryable` says whether a retry helps
    ├── SpeechError
    ├── ChatError
    ├── EmbeddingError
    └── StorageError        database locked, disk full

A message says what was wrong, with which value (never a user's words), and what to do.
"""

from __future__ import annotations


class CompanionError(Exception):
    """Root of the tree. retryable: whether the same call may succeed later."""

    retryable = False


class ConfigurationError(CompanionError):
    """A setting is wrong or missing."""


class ModelUnavailable(ConfigurationError):
    """A model cannot be had; the message names it, where it was looked for, and how to point elsewhere."""


class InputError(CompanionError):
    """What came in cannot be used. code: the machine-readable name on the wire."""

    def __init__(self, message: str, *, code: str = "invalid_input") -> None:
        super().__init__(message)
        self.code = code


class AudioError(InputError):
    """Audio that cannot be used."""

    def __init__(self, message: str, *, code: str = "invalid_audio") -> None:
        super().__init__(message, code=code)


class ProtocolError(InputError):
    """A frame that is not of the protocol."""


class AuthenticationError(CompanionError):
    """No token, an expired one, or one that is not ours."""


class Moved(CompanionError):
    """Another process goes on with this session, or its person was erased: nothing more may be told here."""


class Overloaded(CompanionError):
    """Too much to do for one more session. retry_after_s: when to come again."""

    retryable = True

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many talk with this server now: come again in {retry_after_s:g} s")
        self.retry_after_s = retry_after_s


class ServiceError(CompanionError):
    """Something we depend on failed."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class SpeechError(ServiceError):
    """The recogniser failed."""


class ChatError(ServiceError):
    """The chat model failed or went away."""


class EmbeddingError(ServiceError):
    """The embedder failed."""


class StorageError(ServiceError):
    """The database or the disk failed."""
