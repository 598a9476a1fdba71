"""`companion serve`."""

from __future__ import annotations

import click

from companion.settings import Settings


@click.command()
@click.option("--host", default=None, help="Address to listen on (COMPANION_SERVER__HOST).")
@click.option("--port", type=int, default=None, help="Port to listen on (COMPANION_SERVER__PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Load the models, bring the database up to date, and serve until interrupted."""
    import uvloop

    from api.app import create_app
    from api.server import server
    from companion.engine import Engine
    from companion.records.database import upgrade

    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def run() -> None:
        async with Engine.open(settings) as engine:
            running = server(create_app(settings, engine), settings, host=host, port=port)
            click.echo(f"companion listens on http://{running.config.host}:{running.config.port}", err=True)
            await running.serve()

    upgrade(settings.database_url)
    uvloop.run(run())
