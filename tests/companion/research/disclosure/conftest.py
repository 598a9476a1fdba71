"""A database with all tables."""

from tests.companion.records.conftest import records, url

__all__ = ["records", "url"]
