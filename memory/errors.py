"""What can go wrong in memory."""


class EmbedderError(Exception):
    """Texts could not be embedded. The message never holds them. retryable: whether the same call may succeed later."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class NoSuchMemory(LookupError):
    """The person has no memory of this id."""


class IndexFilesError(Exception):
    """The index keeps its vectors in files that are not known here: what it leaves of the erased cannot be told."""
