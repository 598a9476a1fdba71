"""Images that come with a message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """media_type: image/jpeg or image/png. data: the file's bytes."""

    media_type: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> Image:
        """An image that `data` holds, as it was kept."""
        return cls("image/png" if data.startswith(b"\x89PNG") else "image/jpeg", data)


def decode_image(data_url: str, max_bytes: int) -> Image:
    """Not there yet."""
    raise NotImplementedError
