"""Who is spoken of in a transcript, and what stands there instead.

`Deidentifier.shipped().spans(text, known)` finds, `Surrogates().replaced(text, spans)` puts surrogates in.
"""

from companion.research.deidentify.deidentifier import Deidentifier
from companion.research.deidentify.known import KnownOf
from companion.research.deidentify.surrogates import Surrogates
from companion.research.deidentify.types import Entity, Span

__all__ = ["Deidentifier", "Entity", "KnownOf", "Span", "Surrogates"]
