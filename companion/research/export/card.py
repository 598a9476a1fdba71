"""README.md of an export: a dataset card as Hugging Face reads it (YAML head, then words). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from companion.research.export.package import FILES, Written
from companion.research.export.request import Format, Request
from companion.research.export.table import COLUMNS

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_ABOUT: Mapping[Format, str] = {
    "messages": "one line a talk: `messages` of role and content, `turns` with the pseudonym of each message's turn",
    "sharegpt": "the same as `conversations` of from (human, gpt) and value",
    "kto": "one line a rated reply of the model: `prompt`, `completion`, `label` (true: liked)",
    "dpo": "a liked and a disliked reply to the same words in the same context: `prompt`, `chosen`, `rejected`",
    "turns": "one row a turn",
}


def card(
    name: str,
    version: int,
    request: Request,
    purpose: str,
    written: Written,
    languages: Sequence[str],
    report: Mapping[str, Any],
    tombstones: int,
) -> bytes:
    """The file. languages: ISO 639, of the talks. purpose: as it was approved."""
    known = sorted({one.split("-")[0] for one in languages if one.split("-")[0].isalpha()})
    rows = {one: written.rows.get(one, 0) for one in request.formats}
    head = ["---", f"pretty_name: Companion export {name}, version {version}"]
    head += ["language:", *(f"- {one}" for one in known)] if known else []
    head += ["license: other", "license_name: companion-research-terms", "license_link: README.md"]
    head += ["tags:", "- dialogue", "- affect", "- de-identified", "task_categories:", "- text-generation"]
    largest = max(rows.values(), default=0)
    head += ["size_categories:", f"- {next((size for most, size in _SIZES if largest < most), 'n>1M')}"]
    texts: list[Format] = [one for one in request.formats if rows[one] and one != "turns"]
    if configs := texts or [one for one in request.formats if rows[one]]:  # one card, one kind of file
        head.append("configs:")
        for one in configs:
            head += [f"- config_name: {one}", f"  data_files: {FILES[one]}"]
    head.append("---")
    files = [f"- `{FILES[one]}` ({rows[one]} rows): {_ABOUT[one]}" for one in request.formats]
    columns = [f"| {column} | {kind} | {about} |" for column, (kind, about) in COLUMNS.items()]
    body = f"""
# Companion export {name}, version {version}

Talks of {written.people} people with an emotion-aware companion: {written.dialogues} talks, {written.turns} turns.
Each of them agreed to research, in the version of the text in force; kto and dpo hold only those who agreed to training
too. For children a guardian agreed.

## What it may be used for
{purpose}

Nothing else. Nobody may try to find out who somebody is, nor match these files with others about the same people. Who
holds a copy deletes it when the export expires, deletes the people whom `manifest.json` lists under `tombstones`, and
takes the newest version.

## What is in it
{chr(10).join(files)}

In Python: `load_dataset(FOLDER, "messages")`; `load_dataset("parquet", data_files=FOLDER + "/turns.parquet")`.

Persons, talks and turns have pseudonyms that mean nothing outside this export. Weeks are moved by a number of weeks
that is each person's secret: order and gaps within a person hold, seasons and coincidences between people do not.
Instead of names, places, numbers and other identifiers there are {_marks(request)};
within a talk the same one is the same thing. In turns of risk level 2 and above, and where nobody had read the risk,
{_crisis(request)}. Rare content that a human did not let pass is 〔…〕 too. There is no audio, no embedding, no time of
day.

Affect is a reading by models with errors of their own, never a fact and no diagnosis. Ratings are those of people who
chose to rate. People who agree to research are not all people.

## How far nobody can be recognised
k = {report["k"]}, l = {report["l"]} over age band, gender and province, within each language; for it,
{report["suppressed"]} people were left out. Risk of being found by these: prosecutor {report["prosecutor"]:.4f},
journalist {report["journalist"]:.4f}, marketer {report["marketer"]:.4f}. What people say in their own words can still
tell somebody who knows them who they are. {tombstones} people of earlier versions are not in this one any more.

## Columns of turns.parquet
| column | type | |
|---|---|---|
{chr(10).join(columns)}
"""
    return ("\n".join(head) + "\n" + body).encode()


def _marks(request: Request) -> str:
    return "made-up ones of their kind, or marks such as 〔人名1〕" if request.realistic else "marks such as 〔人名1〕"


def _crisis(request: Request) -> str:
    return "the words are there as they were approved" if request.crisis_text else "the person's words are 〔…〕"
