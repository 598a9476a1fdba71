"""Clients that connect and say nothing, or never finish saying what they want."""

import asyncio
import contextlib
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.handshake import PromptRequests
from api.realtime.client import RealtimeClient
from companion.settings import Server

Serve = Callable[..., Any]
SOCKETS, MEASURED = 1_000, 200
# Opens sockets, reads each one's companion.session, says so, and holds them until its stdin ends.
HOLD = """
import resource, socket, sys
host, port, count, token = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
ask = ("GET /v1/realtime HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
       "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nSec-WebSocket-Version: 13\\r\\n"
       f"Authorization: Bearer {token}\\r\\n\\r\\n").encode()
held = []
for at in range(0, count, 50):
    batch = [socket.create_connection((host, port)) for _ in range(min(50, count - at))]
    for each in batch:
        each.sendall(ask)
    for each in batch:
        got = b""
        while b"companion.session" not in got:
            more = each.recv(4096)
            assert more, got
            got += more
    held += batch
print(len(held), flush=True)
sys.stdin.read()
"""


def resident() -> int:
    """Bytes of memory of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


async def held(server: Any, count: int) -> asyncio.subprocess.Process:
    host, port = server.url.removeprefix("http://").split(":")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, host, port, str(count), server.token(ttl_s=600.0),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert int(await asyncio.wait_for(process.stdout.readline(), 60)) == count
    return process


async def let_go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


async def reply(server: Any) -> float:
    """Seconds to the end of a reply, over a socket of its own."""
    started = time.perf_counter()
    async with RealtimeClient.connect(server.url, server.token("somebody")) as client:
        await client.type("你好")
        events = [event async for event in client.turn(20)]
    (done,) = [event["response"] for event in events if event["type"] == "response.done"]
    assert done["status"] == "completed"
    return time.perf_counter() - started


async def test_a_thousand_silent_sockets_cost_little_and_keep_nobody_from_talking(serve: Serve) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < SOCKETS + 256:
        pytest.skip(f"this machine lets a process open {hard} files: `ulimit -Hn {SOCKETS + 256}`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SOCKETS + 256), hard))
    limits = {"server": Server(drain_s=0.2, sessions_per_address=SOCKETS + 50, max_frame_bytes=65_536)}
    async with serve(settings=limits) as server:
        await let_go(await held(server, 50))
        await reply(server)
        tasks = len(asyncio.all_tasks())
        tracemalloc.start()  # of the whole process less is seen: what was freed before is used again
        try:
            holding = [await held(server, MEASURED)]
            each = tracemalloc.get_traced_memory()[0] / MEASURED / 1024
        finally:
            tracemalloc.stop()
        holding.append(await held(server, SOCKETS - MEASURED))
        took = await reply(server)
        print(f"{each:.0f} KiB a silent socket; with {SOCKETS} of them a reply took {took * 1000:.0f} ms")
        for process in holding:
            await let_go(process)
        async with asyncio.timeout(20):
            while len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.05)
        assert (await server.engine.records.counts())["sessions"] == 2  # who says nothing leaves no trace
    assert each < 100


SLOW = {
    "nothing": b"",
    "a request line": b"GET /v1/realtime HT",
    "headers without an end": b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX: ",
    "a body that never comes": b"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
}


@pytest.mark.parametrize("begun", SLOW.values(), ids=SLOW)
async def test_who_never_ends_a_request_is_cut_off(serve: Serve, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromptRequests, "wait_s", 0.5)
    async with serve() as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(begun)
        started = time.perf_counter()

        async def drip() -> None:
            while begun:
                await asyncio.sleep(0.1)
                writer.write(b"x")

        dripping = asyncio.create_task(drip())
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        dripping.cancel()
        assert 0.3 < time.perf_counter() - started < 4
        writer.transport.abort()
        await reply(server)


async def test_a_prompt_client_is_not_cut_off_however_long_it_stays(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PromptRequests, "wait_s", 0.2)
    async with (
        serve() as server,
        RealtimeClient.connect(server.url, server.token()) as client,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        for _ in range(3):
            assert (await http.get("/health")).is_success  # over one connection
            await asyncio.sleep(0.15)
        await client.send({"type": "companion.ping"})
        while (await client.event())["type"] != "companion.pong":
            pass
