"""create_app: the Litestar application around one Engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from litestar import Litestar, get

from api.auth import Authenticator, keep_tokens_out_of_logs, signing_secret
from api.console.routes import desk, talk
from api.console.routes import research as research_page
from api.console.safety_page import safety_page
from api.me.routes import me
from api.openapi import openapi_route
from api.realtime.asyncapi import asyncapi_route, json_schema_route
from api.realtime.client_secrets import client_secrets
from api.realtime.routes import realtime
from api.realtime.sessions import Sessions
from api.research import Exporting, research
from api.research.overview import overview
from api.review import review
from api.review.exchange import Exchange
from api.staff import Access, staff
from companion.engine import Engine
from companion.replicas import Replicas
from companion.settings import Settings


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    """Answers once the models are loaded and warm."""
    return {"status": "ok"}


ROUTES: tuple[Any, ...] = (
    *(realtime, client_secrets, me, staff, review, research, overview, talk, desk, research_page),
    *(asyncapi_route, json_schema_route, openapi_route, health, safety_page),
)


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Litestar:
    """The application. engine: one that is open already (tests); else it is opened from the settings at start-up."""
    settings = settings or Settings()
    keep_tokens_out_of_logs()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.engine = engine or await stack.enter_async_context(Engine.open(settings))
            app.state.auth = await stack.enter_async_context(Authenticator.open(settings, app.state.engine.records))
            access = Access.open(settings, app.state.engine.records, lambda: app.state.engine.now())
            app.state.staff = await stack.enter_async_context(access)
            await stack.enter_async_context(app.state.engine.recordings.sweeping())
            exporting = Exporting.open(settings, app.state.engine.records, app.state.staff.audit, app.state.staff.now)
            app.state.exporting = await stack.enter_async_context(exporting)
            replicas = Replicas(settings.redis.url)
            await replicas.open()
            app.state.sessions = Sessions(app.state.engine, signing_secret(settings), replicas)
            stack.push_async_callback(app.state.sessions.close)
            exchange = Exchange.open(app.state.engine, app.state.sessions, app.state.staff)
            app.state.exchange = await stack.enter_async_context(exchange)
            yield

    return Litestar(list(ROUTES), lifespan=[lifespan], openapi_config=None)
