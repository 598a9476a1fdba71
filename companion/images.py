"""Images that come with a message: a data: URL -> a small JPEG that tells nothing but what it shows."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from io import BytesIO

from companion.errors import InputError

_SIDE = 1536  # px, the longest; authored: a photographed page stays legible, at some 3000 tokens of a Qwen-VL
_PIXELS = 50_000_000  # authored: what the finest phones take
_DECODED = 12_500_000  # pixels in memory at once; authored: half the side of those, and any screenshot, in some 150 MB
_QUALITY = 90  # of JPEG; authored
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_TYPES = ("image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif")
_DATA_URL = re.compile(r"data:([^;,]*);base64,", re.IGNORECASE)
_SEND = "send data:image/jpeg;base64,... (or png, webp, gif)"


@dataclass(frozen=True, slots=True)
class Image:
    """media_type: image/jpeg. data: the file's bytes."""

    media_type: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> Image:
        """The image whose data was kept."""
        return cls("image/jpeg", data)


def decode_image(data_url: str, max_bytes: int) -> Image:
    """The image of a data: URL, upright, on white, its longest side at most 1536 px, without EXIF or other metadata.

    Of an animation the first picture. max_bytes: of the file as it was sent. Some .1 s of work for a phone's photo: not
    for the event loop. Raises InputError (invalid_image, image_too_large, unsupported_image).
    """
    head = _DATA_URL.match(data_url)
    if head is None:
        raise InputError(f"the image is not in the message: {_SEND}; no address is fetched", code="invalid_image")
    if head[1].lower() not in _TYPES:
        raise InputError(f"images of this type are not read: {_SEND}", code="unsupported_image")
    if (len(data_url) - head.end()) * 3 // 4 - 2 > max_bytes:
        raise _too_large(f"more than {max_bytes} bytes")
    try:
        data = b64decode(data_url[head.end() :], validate=True)
    except (binascii.Error, ValueError):  # ValueError: not ASCII
        raise InputError(f"the image is not base64: {_SEND}", code="invalid_image") from None
    return Image("image/jpeg", _encoded(data))


def _encoded(data: bytes) -> bytes:
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Pillow.open(BytesIO(data), formats=_FORMATS) as image:
            whole = image.width * image.height
            image.draft("RGB", (_SIDE, _SIDE))  # a large JPEG is decoded to a half, a quarter or an eighth at once
            if whole > _PIXELS or image.width * image.height > _DECODED:
                raise _too_large(f"{whole} pixels")
            mode = "RGBA" if image.has_transparency_data else "RGB"
            small = image if image.mode == mode else image.convert(mode)
            small.thumbnail((_SIDE, _SIDE))
            upright = ImageOps.exif_transpose(small)
            page = Pillow.new("RGB", upright.size, "white")  # a new one, as metadata cling to the old
            page.paste(upright, mask=upright if mode == "RGBA" else None)
            jpeg = BytesIO()
            page.save(jpeg, "JPEG", quality=_QUALITY, subsampling=0)
            return jpeg.getvalue()
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"this is none of the images that are read: {_SEND}", code="unsupported_image") from None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise _too_large("very many pixels") from None
    except Exception:  # what a damaged file makes Pillow raise is not of one kind
        raise InputError("the image is damaged or cut off: send it again", code="invalid_image") from None


def _too_large(of: str) -> InputError:
    return InputError(f"an image of {of}: make it smaller, {_SIDE} pixels a side are enough", code="image_too_large")
