"""A talk for every test that asks for one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.companion.talk import talking


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., Any]:
    return partial(talking, tmp_path)
