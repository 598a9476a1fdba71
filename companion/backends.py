"""Entry points -> factories. Built-ins and third-party packages come through the same door.

A factory is `async def create(section, locate)`: section is the part of the settings that names it, locate turns
"pack:NAME" or a path into a path on disk and raises ModelUnavailable where there is none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from companion.errors import ConfigurationError

Locate = Callable[[str], Path]
Factory = Callable[[Any, Locate], Awaitable[Any]]
GROUPS = ("companion.speech", "companion.emotion", "companion.chat", "companion.embeddings")


def installed(group: str) -> list[str]:
    """Names of the backends installed for a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def factory(group: str, name: str) -> Factory:
    """The factory of one backend. Raises ConfigurationError when there is none, or when it cannot be imported."""
    for point in entry_points(group=group, name=name):
        try:
            create: Factory = point.load()
        except ImportError as error:
            raise ConfigurationError(
                f"the {group} backend {name!r} does not import ({error}): run `companion doctor`"
            ) from error
        return create
    known = ", ".join(installed(group)) or "none"
    raise ConfigurationError(f"no {group} backend {name!r} is installed; installed: {known}")
