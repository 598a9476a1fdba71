"""FunASR's AutoModel from a directory or a hub id, its side effects kept in."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from affect.speech_emotion import EmotionModelError

_HUB_ID = re.compile(r"^\w[\w.-]*/\w[\w.-]*$")


class Section(Protocol):
    """The part of the settings that names an emotion backend's model."""

    @property
    def model(self) -> str | None: ...

    @property
    def encoder(self) -> str: ...

    @property
    def threads(self) -> int: ...


def where(section: Section, locate: Callable[[str], Path], wanted: str) -> str:
    """The path or hub id that the section names. wanted: what it should be, for the message.

    Raises EmotionModelError when it names none, and what locate raises for a path that is not there.
    """
    if not section.model:
        raise EmotionModelError(f"no model is named: set COMPANION_EMOTION__MODEL to {wanted}")
    if is_hub_id(section.model):
        return section.model  # FunASR fetches it
    return str(locate(section.model))


def is_hub_id(model: str) -> bool:
    """Whether this names a model of a hub (org/name) and no path: no folder `org` is here."""
    return bool(_HUB_ID.match(model)) and not Path(model).parent.is_dir()


def load_auto(model: str, threads: int = 1) -> Any:
    """An AutoModel on the CPU. Takes some 10 s at first, which FunASR's import costs.

    Sets torch's threads for the whole process, as FunASR does. Raises EmotionModelError.
    """
    path = Path(model)
    local = path.exists() or not _HUB_ID.match(model)
    if local and not any((path / name).is_file() for name in ("config.yaml", "configuration.json")):
        raise EmotionModelError(
            f"{model} is not a directory with a config.yaml or configuration.json: give one that FunASR loads"
        )
    with contained():
        try:
            from funasr import AutoModel
        except ImportError as error:
            raise EmotionModelError(f"FunASR does not import ({error}): run `companion doctor`") from error
        try:
            return AutoModel(
                model=model, device="cpu", ncpu=threads, disable_update=True, disable_pbar=True, log_level="ERROR"
            )
        except Exception as error:
            raise EmotionModelError(
                f"FunASR cannot load the model {model} ({type(error).__name__}): is it whole, and of a kind that this "
                "FunASR knows? A Whisper needs the package openai-whisper"
            ) from error


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """FunASR prints as it loads, sets the root logger up, and seeds every generator with 0: none of it gets out."""
    import torch

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.addHandler(logging.NullHandler())  # with a handler there, basicConfig does nothing
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        root.handlers[:] = handlers
        root.setLevel(level)
