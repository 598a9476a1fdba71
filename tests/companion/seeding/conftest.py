"""A migrated database, as for the records."""

from tests.companion.records.conftest import records, url

__all__ = ["records", "url"]
