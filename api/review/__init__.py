"""/v1/review: who needs a counsellor, what was said, and a human's word in a talk. See docs/review.md."""

from api.review.routes import review

__all__ = ["review"]
