"""/v1/research: what researchers ask for, who agrees to it, and what they may download. See docs/exports.md."""

from api.research.exporting import Exporting
from api.research.routes import research

__all__ = ["Exporting", "research"]
