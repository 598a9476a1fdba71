"""Labels: the questions, reviewers' answers, what settles a disagreement, and how far they agree."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import structs

from api.review import schemas as told
from api.review.looking import AnyRequest, Looking
from api.review.queue import COUNSELLORS
from api.review.sessions import shown_label
from api.staff import SignedIn, requires
from companion.errors import InputError
from companion.review.agreement import agreement
from companion.review.labels import Definition, Schema, Shown, Unit

SUPERVISORS = requires("supervisor")
_Name = Annotated[str, QueryParameter(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="Of the question.")]
_Version = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1, description="Of the schema; the one in force.")]
_Since = Annotated[float | None, QueryParameter(name="from", ge=0, le=1e11, description="Answered at or after.")]
_Until = Annotated[float | None, QueryParameter(name="to", ge=0, le=1e11, description="Answered before.")]
_NOTHING = Shown((), 0, ())


@get("/label-schema", guards=[COUNSELLORS])
async def read_schema(request: AnyRequest, staff: SignedIn, version: _Version = None) -> told.LabelSchema:
    """The questions in force, or those of an earlier version."""
    return _schema(await Looking(request, staff).labels.schema(version))


@put("/label-schema", guards=[SUPERVISORS])
async def write_schema(request: AnyRequest, staff: SignedIn, data: JSONBody[told.NewLabelSchema]) -> told.LabelSchema:
    """Ask these from now on. What was answered before is kept, under its version."""
    look = Looking(request, staff)
    labels = [Definition(**structs.asdict(each)) for each in data.labels]
    return _schema(await look.labels.define(staff.id, labels, look.now))


@get("/turns/{turn_id:str}/labels", guards=[COUNSELLORS])
async def read_turn_labels(request: AnyRequest, staff: SignedIn, turn_id: FromPath[str]) -> told.Labels:
    """Your answers on a turn and, of the questions that you answered, everybody's."""
    look = Looking(request, staff)
    await look.turn(turn_id, "label.list")
    return await _labels(look, turn_id)


@post("/turns/{turn_id:str}/labels", guards=[COUNSELLORS], status_code=200)
async def label_turn(
    request: AnyRequest, staff: SignedIn, turn_id: FromPath[str], data: JSONBody[told.NewLabel]
) -> told.Labels:
    """Answer a question on a turn. It can be changed until somebody else has answered it too (409 `label_final`)."""
    look = Looking(request, staff)
    return await _answer(look, await _unit_of_turn(look, turn_id), data)


@post("/turns/{turn_id:str}/adjudication", guards=[SUPERVISORS], status_code=200)
async def adjudicate_turn(
    request: AnyRequest, staff: SignedIn, turn_id: FromPath[str], data: JSONBody[told.NewLabel]
) -> told.Labels:
    """Settle a question on a turn on which reviewers disagree (else 409 `not_disputed`)."""
    look = Looking(request, staff)
    return await _settle(look, await _unit_of_turn(look, turn_id), data)


@get("/sessions/{session_id:str}/labels", guards=[COUNSELLORS])
async def read_session_labels(request: AnyRequest, staff: SignedIn, session_id: FromPath[str]) -> told.Labels:
    """As of a turn: the questions that are asked of whole sessions."""
    look = Looking(request, staff)
    await look.session(session_id, "label.list")
    return await _labels(look, session_id)


@post("/sessions/{session_id:str}/labels", guards=[COUNSELLORS], status_code=200)
async def label_session(
    request: AnyRequest, staff: SignedIn, session_id: FromPath[str], data: JSONBody[told.NewLabel]
) -> told.Labels:
    """As of a turn."""
    look = Looking(request, staff)
    return await _answer(look, await _unit_of_session(look, session_id), data)


@post("/sessions/{session_id:str}/adjudication", guards=[SUPERVISORS], status_code=200)
async def adjudicate_session(
    request: AnyRequest, staff: SignedIn, session_id: FromPath[str], data: JSONBody[told.NewLabel]
) -> told.Labels:
    """As of a turn."""
    look = Looking(request, staff)
    return await _settle(look, await _unit_of_session(look, session_id), data)


@get("/labels/agreement", guards=[COUNSELLORS])
async def read_agreement(
    request: AnyRequest,
    staff: SignedIn,
    name: _Name,
    version: _Version = None,
    since: _Since = None,
    until: _Until = None,
) -> told.Agreement:
    """How far reviewers agree on a question, on turns or sessions of people whom you may see."""
    look = Looking(request, staff)
    schema = await look.labels.schema(version)
    asked = next((each for each in schema.labels if each.name == name), None)
    if asked is None:
        raise InputError("no question has this name in this version of the schema", code="not_found")
    reader = await look.reader()
    answers = await look.labels.answers(name, schema.version, people=reader.people, since=since, until=until)
    await look.listed("label.agreement", len(answers))
    values = (False, True) if asked.kind == "flag" else tuple(asked.values)
    found = await asyncio.to_thread(agreement, answers, values, "ordinal" if asked.kind == "scale" else "nominal")
    return told.Agreement(
        name=name,
        version=schema.version,
        units=found.units,
        reviewers=found.reviewers,
        kappa=found.kappa,
        alpha=found.alpha,
        percent=found.percent,
        ci95=found.ci95,
    )


async def _unit_of_turn(look: Looking, turn_id: str) -> Unit:
    turn = await look.turn(turn_id, "turn.read")
    return Unit(turn.id, turn.session_id, turn.user_id, "turn")


async def _unit_of_session(look: Looking, session_id: str) -> Unit:
    session = await look.session(session_id, "session.read")
    return Unit(session.id, session.id, session.user_id, "session")


async def _answer(look: Looking, unit: Unit, data: told.NewLabel) -> told.Labels:
    work = await look.labels.answered(unit, look.staff.id, data.name, data.value, look.now, elder=look.elder)
    await look.acted(unit, "label.add", work)
    return await _labels(look, unit.id)


async def _settle(look: Looking, unit: Unit, data: told.NewLabel) -> told.Labels:
    work = await look.labels.adjudicated(unit, look.staff.id, data.name, data.value, look.now)
    await look.acted(unit, "label.settle", work)
    return await _labels(look, unit.id)


async def _labels(look: Looking, unit: str) -> told.Labels:
    shown = (await look.labels.of([unit], look.staff.id, elder=look.elder)).get(unit, _NOTHING)
    return told.Labels(
        labels=[shown_label(label) for label in shown.labels], hidden=shown.hidden, disputed=list(shown.disputed)
    )


def _schema(schema: Schema) -> told.LabelSchema:
    labels = [
        told.LabelDefinition(
            name=each.name,
            title_zh=each.title_zh,
            title_en=each.title_en,
            kind=each.kind,
            values=list(each.values),
            per=each.per,
        )
        for each in schema.labels
    ]
    return told.LabelSchema(version=schema.version, labels=labels)
