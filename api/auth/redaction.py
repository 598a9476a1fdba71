"""No token in a log line, whoever writes it: uvicorn logs addresses, and handshakes when it is told to trace."""

from __future__ import annotations

import logging
import re

from api.auth.credentials import SUBPROTOCOL_TOKEN, TOKEN, TOKEN_NAMES

_MASK = "[token]"
_NAMES = "|".join(map(re.escape, TOKEN_NAMES))
_NAMED = re.compile(
    rf"((?:[?&](?:{_NAMES})=)|(?:\bBearer\s+)|(?:{re.escape(SUBPROTOCOL_TOKEN)}))[^\s&,\"']+", re.IGNORECASE
)
_LOGGERS = ("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi", "websockets.server", "litestar")


def redacted(line: str) -> str:
    """The line with every token in it masked."""
    return TOKEN.sub(_MASK, _NAMED.sub(rf"\1{_MASK}", line))


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = redacted(record.msg)
        # One by one, as uvicorn's formatter takes its arguments apart.
        if isinstance(record.args, tuple):
            record.args = tuple(_clean(value) for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: _clean(value) for name, value in record.args.items()}
        return True


def _clean(value: object) -> object:
    line = str(value)
    clean = redacted(line)
    return value if clean == line else clean


_FILTER = _Redaction()


def keep_tokens_out_of_logs() -> None:
    """Mask tokens in what the server's libraries log. May be called again."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
