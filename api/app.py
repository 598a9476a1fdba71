"""create_app: the Litestar application around one Engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, get

from api.auth import signing_secret
from api.me.routes import me
from api.realtime.routes import realtime
from companion.engine import Engine
from companion.settings import Settings


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    """Answers once the models are loaded and warm."""
    return {"status": "ok"}


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Litestar:
    """The application. engine: one that is open already (tests); else it is opened from the settings at start-up."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.secret = signing_secret(settings)
        if engine is not None:
            app.state.engine = engine
            yield
            return
        async with Engine.open(settings) as opened:
            app.state.engine = opened
            yield

    return Litestar([realtime, me, health], lifespan=[lifespan], openapi_config=None)
