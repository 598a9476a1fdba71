"""Pages that are files: read once, served under a strict content security policy, no build step."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_HEADERS = {
    "Cache-Control": "no-cache",  # asked after each time, by ETag: a page and its modules are always of one version
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def pages(path: str, folder: Path) -> Router:
    """`path` gives index.html of folder, `path/NAME` the file NAME that lies in it; 404 for anything else."""
    files = {file.name: _File(file) for file in sorted(folder.iterdir()) if file.suffix in _TYPES}

    @get("/", sync_to_thread=False)
    def index(request: Request[Any, Any, Any]) -> Response[bytes]:
        return files["index.html"].answer(request)

    @get("/{name:str}", sync_to_thread=False)
    def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        if name not in files:
            raise NotFoundException("there is no such page")
        return files[name].answer(request)

    return Router(path, route_handlers=[index, asset], include_in_schema=False)


class _File:
    """One file with its type and its ETag, a hash of its content."""

    def __init__(self, path: Path) -> None:
        self._body, self._type = path.read_bytes(), _TYPES[path.suffix]
        self._etag = f'"{sha256(self._body).hexdigest()[:32]}"'

    def answer(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """The file, or 304 where the browser has it."""
        policy = _policy(request.headers.get("host", ""))
        headers = {**_HEADERS, "Content-Security-Policy": policy, "ETag": self._etag}
        if self._etag in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, media_type=MediaType.TEXT, headers=headers)
        return Response(self._body, media_type=self._type, headers=headers)


def _policy(host: str) -> str:
    """Everything from here and nothing inline. Not every browser counts a WebSocket as 'self': the host is named."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        f"default-src 'self'; connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
