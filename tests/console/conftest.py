"""A real server, a real Chromium, and a real recording as its microphone."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile as sf

from companion.llm.chat_model import FakeChatModel
from companion.speech.recognizer import FakeRecognizer
from companion.speech.vad import SileroBatch
from prompts.types import Message
from tests.api.conftest import Served, running
from tests.console.desk_page import Desk, staffed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RECORDING = Path(__file__).parent.parent / "audio" / "aishell-BAC009S0724W0121.wav"
SAID = "我叫小雨，我今天特别开心"
BEGUN = "真好呀。"
REPLY = f"{BEGUN}愿意的话，多说一点给我听。"
Open = Callable[..., AbstractAsyncContextManager[Any]]


class Gated(FakeChatModel):
    """Stops after the first piece of its reply while the gate is closed."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply, piece=len(BEGUN) + 2)  # a sentence is let out when the next one has begun
        self.gate = asyncio.Event()

    async def stream(self, messages: Sequence[Message], **limits: Any) -> AsyncIterator[str]:
        async for piece in super().stream(messages, **limits):
            yield piece
            await self.gate.wait()


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of the recording and a pause: Chromium plays them over and over."""
    samples, rate = sf.read(RECORDING, dtype="float32")
    path = tmp_path_factory.mktemp("microphone") / "speech.wav"
    sf.write(path, np.concatenate((samples[: 3 * rate], np.zeros(int(1.5 * rate), np.float32))), rate, subtype="PCM_16")
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    recognizer, chat = FakeRecognizer(SAID), Gated(REPLY)
    async with running(
        tmp_path_factory.mktemp("served"), recognizer=recognizer, chat=chat, detector=SileroBatch()
    ) as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(microphone: Path) -> AsyncIterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("COMPANION_CI") == "1":
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is missing: pip install playwright")
    args = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
    ]
    async with playwright.async_playwright() as started:
        opened = await started.chromium.launch(executable_path=CHROMIUM, args=args)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules(browser: Any, server: Served) -> AsyncIterator[Any]:
    """A page whose modules can be asked, and that nobody talks on."""
    page = await browser.new_page()
    await page.goto(f"{server.url}/talk")
    yield page
    await page.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with staffed(browser, tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture
def opened(browser: Any, server: Served) -> Open:
    """opened(locale, ...): a page at /talk, which fails at its end for whatever went wrong in it."""

    @asynccontextmanager
    async def page(locale: str = "zh-CN", width: int = 1280, height: int = 800) -> AsyncIterator[Any]:
        context = await browser.new_context(locale=locale, viewport={"width": width, "height": height})
        shown = await context.new_page()
        shown.set_default_timeout(15_000)
        wrong: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("websocket", lambda socket: asked.append(socket.url.replace("ws", "http", 1)))
        await shown.goto(f"{server.url}/talk")
        await shown.locator("#token:focus").wait_for()
        yield shown
        await context.close()
        assert wrong == []  # violations of the policy are told here too
        assert [url for url in asked if not url.startswith(f"{server.url}/")] == []

    return page


@pytest.fixture
def chat(server: Served) -> Iterator[Gated]:
    gated = server.engine.chat
    assert isinstance(gated, Gated)
    gated.gate.set()
    yield gated
    gated.gate.set()
