"""The leak test of an export: all that is known of a person against their rows, what is nobody else's against all rows.

A name that one person's memories know may stand in another's talk as anybody's name: that is the de-identifier's work,
and no leak of the first person. Numbers, accounts and addresses of mail are nobody else's, so that they are looked for
everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from companion.research.disclosure.leaks import search
from companion.research.export.known import Told
from companion.research.export.talks import Dialogue

_PEOPLE = 2000  # whose words are looked for in one pass over the files


def leaks_of(user_id: str, known: Told, talks: Iterable[Dialogue], scratch: Path) -> int:
    """How many lines of a person's own talk hold something known of them. scratch: a file to write over."""
    with scratch.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        for dialogue in talks:
            for turn in dialogue.turns:
                for said in (turn.said, turn.reply):
                    if said:
                        file.write(" ".join(said.replace("\\", " ").splitlines()) + "\n")
    return len(search([scratch], {user_id: known.replay}))


def unique_leaks(files: Sequence[Path], unique: Mapping[str, Collection[str]]) -> int:
    """How many lines of all files hold a number or an account of anybody."""
    found, people = 0, iter(unique.items())
    while chunk := dict(islice(people, _PEOPLE)):
        found += len(search(files, chunk))
    return found
