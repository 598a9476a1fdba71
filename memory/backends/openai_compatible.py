"""Embeddings from any OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from memory.embedder import Vectors
from memory.errors import EmbedderError


class _Secret(Protocol):
    def get_secret_value(self) -> str: ...


class _Section(Protocol):
    model: str
    base_url: str | None
    api_key: _Secret | None
    timeout_s: float


class OpenAIEmbedder:
    """POST {base_url}/embeddings, retried twice. dimensions: as the server's first answer has them."""

    def __init__(self, client: Any, model: str, dimensions: int) -> None:
        self._client, self._model = client, model
        self.name, self.dimensions = f"openai:{model}:{dimensions}", dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return await _embed(self._client, self._model, texts)

    async def close(self) -> None:
        await self._client.close()


async def create(section: _Section, locate: Callable[[str], Path]) -> OpenAIEmbedder:
    """The embedder; asks the server once for its dimensions. Raises EmbedderError when it cannot be had."""
    if not section.base_url:
        raise EmbedderError("set COMPANION_EMBEDDINGS__BASE_URL to the server's /v1 address", retryable=False)
    from openai import AsyncOpenAI

    key = section.api_key.get_secret_value() if section.api_key else "none"
    client = AsyncOpenAI(base_url=section.base_url, api_key=key, timeout=section.timeout_s, max_retries=2)
    vectors = await _embed(client, section.model, ["dimensions"])
    return OpenAIEmbedder(client, section.model, vectors.shape[1])


async def _embed(client: Any, model: str, texts: Sequence[str]) -> Vectors:
    from openai import APIStatusError, OpenAIError

    try:
        answer = await client.embeddings.create(model=model, input=list(texts), encoding_format="float")
    except APIStatusError as error:
        known = "check COMPANION_EMBEDDINGS__API_KEY" if error.status_code in (401, 403) else "check the server"
        raise EmbedderError(
            f"the embeddings server answered {error.status_code}: {known}", retryable=error.status_code >= 500
        ) from None
    except OpenAIError as error:
        raise EmbedderError(f"the embeddings server cannot be reached ({type(error).__name__})") from None
    rows = np.array([item.embedding for item in sorted(answer.data, key=lambda item: item.index)], np.float32)
    if rows.ndim != 2 or len(rows) != len(texts):
        raise EmbedderError(f"the embeddings server gave {len(rows)} vectors for {len(texts)} texts", retryable=False)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)
