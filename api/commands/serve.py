"""`companion serve`."""

from __future__ import annotations

import click

from companion.settings import Settings


@click.command()
@click.option("--host", default=None, help="Address to listen on (COMPANION_SERVER__HOST).")
@click.option("--port", type=int, default=None, help="Port to listen on (COMPANION_SERVER__PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Load the models, bring the database up to date, and serve until interrupted."""
    import uvicorn
    import uvloop

    from api.app import create_app
    from companion.engine import Engine
    from companion.records.database import upgrade

    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def run() -> None:
        async with Engine.open(settings) as engine:
            config = uvicorn.Config(
                create_app(settings, engine),
                host=host or settings.server.host,
                port=settings.server.port if port is None else port,
                ws="websockets-sansio",
                ws_max_size=8 * settings.server.max_frame_bytes,
                log_level="warning",
                timeout_graceful_shutdown=int(settings.server.drain_s),
            )
            click.echo(f"companion listens on http://{config.host}:{config.port}", err=True)
            await uvicorn.Server(config).serve()

    upgrade(settings.database_url)
    uvloop.run(run())
