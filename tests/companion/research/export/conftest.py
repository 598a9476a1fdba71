"""A migrated database of each kind, and everything that exports need around it."""

from pathlib import Path

import pytest

from companion.records.repository import Records
from tests.companion.records.conftest import records, url  # noqa: F401
from tests.companion.research.export.people import World, world_of


@pytest.fixture
async def world(records: Records, tmp_path: Path) -> World:  # noqa: F811
    """Nobody in it yet."""
    return await world_of(records, tmp_path)
