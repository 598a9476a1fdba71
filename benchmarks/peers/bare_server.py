"""The floor of `companion bench turn`: a bare Litestar WebSocket that sleeps twice and answers.

python -m benchmarks.peers.bare_server ASR_SECONDS CHAT_SECONDS PORT
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
from litestar import Litestar, WebSocket, get, websocket


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "ok"}


@websocket("/ws")
async def session(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if message.get("text") == "stop":
            await asyncio.sleep(float(sys.argv[1]))
            await asyncio.sleep(float(sys.argv[2]))
            await socket.send_text("delta")
            await socket.send_text("done")


if __name__ == "__main__":
    app = Litestar([health, session], openapi_config=None)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=int(sys.argv[3]),
        ws="websockets-sansio",
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    asyncio.run(uvicorn.Server(config).serve())
