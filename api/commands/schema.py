"""`companion schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option(
    "--format", "kind", type=click.Choice(["asyncapi", "json-schema", "openapi"]), default="asyncapi", show_default=True
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; without it, standard output.")
def schema(kind: str, out: Path | None) -> None:
    """The contract: AsyncAPI 3.0 of the wire, a JSON Schema of all its events, or OpenAPI 3.1 of the HTTP API."""
    from api.openapi import openapi
    from api.realtime.asyncapi import asyncapi, json_schema

    document = {"asyncapi": asyncapi, "json-schema": json_schema, "openapi": openapi}[kind]()
    text = json.dumps(document, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", "utf-8")
