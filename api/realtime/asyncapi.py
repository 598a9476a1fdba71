"""The published contract: companion.v1 as an AsyncAPI 3.0 document and as one JSON Schema, read off the wire's types.

`/asyncapi.json` and `/schema/realtime.json` serve them without a token; `companion schema` prints them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

import msgspec
from litestar import Response, get
from msgspec import UNSET, Struct

from api.auth import SUBPROTOCOL
from api.auth.credentials import SUBPROTOCOL_TOKEN
from api.realtime import consent_events, protocol, wire
from api.realtime.server_events import ServerEvent

ASYNCAPI_VERSION = "3.0.0"
JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, Any]
_Struct = TypeVar("_Struct", bound=Struct)

_ABOUT = """Speech and text in, a streamed text reply out, with how the person seems beside it.

A dialect of the OpenAI Realtime API: its event names wherever it has them, so that its clients connect unchanged; what
is ours begins with `companion.`, and a client may ignore it. Every frame from the server is text. Clients switch on
`type` and pass over types and fields that they do not know."""
_CLIENT = "Text frames of one JSON object, or binary ones of audio. An event_id that came before is not acted on."
_SERVER = """Text frames of one JSON object. seq counts the events of a session, 1, 2, 3 ...; it is 0 where a socket is
refused something before its session began. An event is sent with all its fields."""
_RAW_AUDIO = """Mono audio at session.audio.input.format.rate: PCM16LE of any length (32 ms is best), or one Opus packet
where the format is audio/opus. The default, `companion.framing: "raw"`."""
_FRAMED_AUDIO = """`companion.framing: "header"`: 12 bytes, big-endian, then the audio. One that comes again is heard
once, so that a client may send again after a drop what was not acknowledged (last_audio_seq)."""
AUDIO_HEADER = (  # what companion.audio.framing reads
    {"name": "version", "type": "u8", "const": 1},
    {"name": "kind", "type": "u8", "const": 1, "description": "1: microphone"},
    {"name": "stream", "type": "u16", "description": "one recording; a later one has a higher number and a seq anew"},
    {"name": "seq", "type": "u32", "description": "counts up by 1, and from 2^32 - 1 on to 0"},
    {"name": "capture_ms", "type": "u32", "description": "when its first sample was taken, by the client's clock"},
)
CLOSE_CODES = {
    "1001": "the server goes away, or another one has the session: connect again and resume",
    "1008": "the token is refused, expired or revoked, or the session is open elsewhere: an event says which",
    "1009": "a frame was larger than limits.max_frame_bytes",
    "1013": "too busy, or the client does not read: try again later and resume",
}


def server_events() -> list[type[ServerEvent]]:
    """Every event that a server may send."""
    assert wire and consent_events  # imported for what they make: every event stands there, or in what they import
    return [event for event in _below(ServerEvent) if event.__struct_config__.tag != event.__name__]


def _below(struct: type[_Struct]) -> Iterator[type[_Struct]]:
    for each in struct.__subclasses__():
        yield each
        yield from _below(each)


@cache
def json_schema() -> Json:
    """JSON Schema 2020-12. $defs: each event under its type, ClientEvent, ServerEvent, and what they are made of."""
    client, server, parts = _schemas("#/$defs/{name}")
    return {
        "$schema": JSON_SCHEMA,
        "title": "companion.v1",
        "description": _ABOUT,
        "anyOf": [{"$ref": "#/$defs/ClientEvent"}, {"$ref": "#/$defs/ServerEvent"}],
        "$defs": {
            "ClientEvent": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in client]},
            "ServerEvent": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in server]},
            **client,
            **server,
            **parts,
        },
    }


@cache
def asyncapi() -> Json:
    """The AsyncAPI document. Actions are the server's: it receives what clients send."""
    client, server, parts = _schemas("#/components/schemas/{name}")
    messages = {name: _message(schema) for name, schema in (client | server).items()}
    audio = {
        "audio.raw": _binary(_RAW_AUDIO),
        "audio.header": _binary(_FRAMED_AUDIO) | {"x-header": AUDIO_HEADER},
    }
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {"title": "companion.v1", "version": version("companion"), "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "companion": {
                "host": "{host}",
                "protocol": "ws",
                "description": "wss behind a proxy that speaks TLS.",
                "variables": {"host": {"default": "127.0.0.1:8000"}},
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "channels": {
            "realtime": {
                "address": "/v1/realtime",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages | audio},
                "bindings": {"ws": _BINDING},
                "x-close-codes": CLOSE_CODES,
            }
        },
        "operations": {
            "clientSends": _operation("receive", _CLIENT, [*client, *audio]),
            "serverSends": _operation("send", _SERVER, server),
        },
        "components": {"messages": messages | audio, "schemas": parts, "securitySchemes": _SECURITY},
    }


_BINDING = {
    "method": "GET",
    "query": {
        "type": "object",
        "properties": {"model": {"type": "string", "description": "Only shown: the server's own model answers."}},
    },
    "headers": {
        "type": "object",
        "properties": {
            "Authorization": {"type": "string", "pattern": "^[Bb]earer .+"},
            "Sec-WebSocket-Protocol": {"type": "string", "description": f"{SUBPROTOCOL}, {SUBPROTOCOL_TOKEN}TOKEN"},
        },
    },
    "bindingVersion": "0.1.0",
}
_SECURITY: dict[str, Json] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A user token, or a client secret of POST /v1/realtime/client_secrets. Never in the address.",
    },
    "subprotocols": {
        "type": "httpApiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": f"For browsers: the pair `{SUBPROTOCOL}`, `{SUBPROTOCOL_TOKEN}TOKEN`; the first is picked.",
    },
}


def _schemas(reference: str) -> tuple[dict[str, Json], dict[str, Json], dict[str, Json]]:
    """Client events and server events by type, and the parts of both by name. reference: of a part, with {name}."""
    client, client_parts = _components(protocol.ClientEvent.__args__, reference)
    server, server_parts = _components(server_events(), reference)
    for event in server_events():
        _as_sent(server[str(event.__struct_config__.tag)], event)
    ours = {struct.__name__: struct for struct in _below(Struct) if struct.__module__.startswith("api.")}
    for name in server_parts.keys() - client_parts.keys():
        _as_sent(server_parts[name], ours[name])
    return client, server, client_parts | server_parts


def _components(events: Sequence[type[Struct]], reference: str) -> tuple[dict[str, Json], dict[str, Json]]:
    whole, parts = msgspec.json.schema_components(events, ref_template=reference)
    for schema in parts.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    by_type = {}
    for event in events:
        tag = str(event.__struct_config__.tag)
        by_type[tag] = parts.pop(event.__name__) | {"title": tag}
    assert len(whole) == len(by_type)
    return by_type, parts


def _as_sent(schema: Json, struct: type[Struct]) -> None:
    """What the server sends has all its fields, defaults or not."""
    for field in msgspec.structs.fields(struct):
        schema["properties"][field.encode_name].pop("default", None)
    if not struct.__struct_config__.omit_defaults:
        always = [field.encode_name for field in msgspec.structs.fields(struct) if field.default is not UNSET]
        schema["required"] = [*(name for name in schema["required"] if name not in always), *always]


def _message(schema: Json) -> Json:
    about = {"summary": schema["description"].splitlines()[0]} if "description" in schema else {}
    return {"name": schema["title"], "title": schema["title"], **about, "payload": schema}


def _binary(about: str) -> Json:
    payload = {"type": "string", "format": "binary"}
    return {"contentType": "application/octet-stream", "description": about, "payload": payload}


def _operation(action: str, about: str, messages: Iterable[str]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/realtime"},
        "description": about,
        "messages": [{"$ref": f"#/channels/realtime/messages/{name}"} for name in messages],
    }


@get("/asyncapi.json", sync_to_thread=False)
def asyncapi_route() -> Response[Json]:
    """The wire as an AsyncAPI 3.0 document."""
    return Response(asyncapi(), media_type="application/json")


@get("/schema/realtime.json", sync_to_thread=False)
def json_schema_route() -> Response[Json]:
    """Every event as a JSON Schema."""
    return Response(json_schema(), media_type="application/json")
