"""Images as clients send them, and as nobody should."""

import struct
import zlib
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from companion.errors import InputError
from companion.images import Image, decode_image

MAX = 1_000_000
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Pillow.Image:
    """Red at the top left, green at the top right, blue below."""
    image = Pillow.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    return image.convert(mode)


def file(image: Pillow.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


def shown(image: Image) -> Pillow.Image:
    assert image.media_type == "image/jpeg"
    opened = Pillow.open(BytesIO(image.data), formats=["JPEG"])
    opened.load()
    return opened


def colours(image: Pillow.Image) -> list[tuple[int, ...]]:
    """At the middle of each corner, clockwise from the top left, to full or none."""
    w, h = image.size
    places = ((w // 4, h // 4), (3 * w // 4, h // 4), (3 * w // 4, 3 * h // 4), (w // 4, 3 * h // 4))
    pixels = (image.getpixel(place) for place in places)
    return [tuple(255 * (c > 127) for c in pixel) for pixel in pixels if isinstance(pixel, tuple)]


def refused(data_url: str, code: str, max_bytes: int = MAX) -> str:
    with pytest.raises(InputError) as caught:
        decode_image(data_url, max_bytes)
    assert caught.value.code == code and caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "declared", "mode"),
    [
        ("PNG", "image/png", "RGB"),
        ("PNG", "image/png", "P"),
        ("JPEG", "image/jpeg", "RGB"),
        ("JPEG", "image/jpg", "CMYK"),
        ("WEBP", "IMAGE/WEBP", "RGB"),
        ("GIF", "image/gif", "P"),
        ("JPEG", "image/png", "RGB"),  # the file itself says what it is
    ],
)
def test_ordinary_images_are_seen_as_they_were(kind: str, declared: str, mode: str) -> None:
    seen = shown(decode_image(url(file(picture(mode=mode), kind), declared), MAX))
    assert seen.size == (60, 40) and colours(seen) == [RED, GREEN, BLUE, BLUE]


def test_of_an_animation_the_first_picture_is_seen() -> None:
    data = file(picture(mode="P"), "GIF", save_all=True, append_images=[Pillow.new("P", (60, 40))], duration=50)
    assert colours(shown(decode_image(url(data), MAX)))[0] == RED


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    image = Pillow.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)
    data = file(image, transparency=image.getpixel((0, 0))) if mode == "P" else file(image)
    assert colours(shown(decode_image(url(data), MAX))) == [WHITE] * 4


def test_sixteen_bits_and_one_bit_are_images_too() -> None:
    for mode in ("I;16", "1", "L"):
        assert shown(decode_image(url(file(Pillow.new(mode, (9, 9)))), MAX)).size == (9, 9)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("large", [False, True])
def test_a_photo_is_upright_however_the_phone_was_held(orientation: int, large: bool) -> None:
    """Orientation n of EXIF tells how what is stored must be turned: what is stored here is turned back by it."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # of Pillow's Transpose
    upright = picture(3_000, 2_000) if large else picture()
    stored = upright.transpose(Pillow.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    seen = shown(decode_image(url(file(stored, "JPEG", exif=exif)), MAX))
    assert colours(seen) == [RED, GREEN, BLUE, BLUE]
    assert seen.size == ((1536, 1024) if large else (60, 40))


def test_where_and_when_a_photo_was_taken_is_not_passed_on() -> None:
    secret = "39.9042N, Zhang's phone"
    exif = Pillow.Exif()
    exif[0x010F] = exif[0x0132] = secret
    exif.get_ifd(0x8825)[29] = secret
    text = PngInfo()
    text.add_text("Comment", secret)
    xmp = f"<x>{secret}</x>".encode()
    files = [
        file(picture(), "JPEG", exif=exif, comment=secret, xmp=xmp, icc_profile=secret.encode(), dpi=(301, 301)),
        file(picture(), "PNG", exif=exif, pnginfo=text, icc_profile=secret.encode()),
        file(picture(), "WEBP", exif=exif, xmp=xmp),
        file(picture(mode="P"), "GIF", comment=secret),
    ]
    for data in files:
        image = decode_image(url(data), MAX)
        assert secret.encode() not in image.data and not set(shown(image).info) - {"jfif", "jfif_version"} - {
            "jfif_unit",
            "jfif_density",
        }
        assert not shown(image).getexif()


@pytest.mark.parametrize(
    ("size", "wanted"), [((4_000, 1_000), (1536, 384)), ((500, 5_000), (154, 1536)), ((1, 9_000), (1, 1536))]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_image_is_made_small_in_its_own_proportions(
    size: tuple[int, int], wanted: tuple[int, int], kind: str
) -> None:
    seen = shown(decode_image(url(file(Pillow.new("RGB", size, RED), kind)), MAX))
    assert max(abs(a - b) for a, b in zip(seen.size, wanted, strict=True)) <= 1 and max(seen.size) == 1536


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.png", "http://169.254.169.254/", "file:///etc/passwd", "", "data:image/png,abc", "data:"],
)
def test_only_what_is_in_the_message_is_read(address: str) -> None:
    assert "no address is fetched" in refused(address, "invalid_image")


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/heic", "image/tiff", "text/html", ""])
def test_other_types_are_told_which_are_read(kind: str) -> None:
    assert "data:image/jpeg;base64" in refused(url(file(picture()), kind), "unsupported_image")


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", file(picture(), "TIFF"), file(picture(), "BMP")],
)
def test_a_file_of_another_kind_is_refused_whatever_it_is_called(data: bytes) -> None:
    refused(url(data), "unsupported_image")


@pytest.mark.parametrize("text", ["*" * 40, "abc", "AAAA AAAA", "图片"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    assert "not base64" in refused(f"data:image/png;base64,{text}", "invalid_image")


def test_bytes_are_counted_before_anything_is_read() -> None:
    data = file(picture())
    assert shown(decode_image(url(data), len(data))).size == (60, 40)
    assert str(len(data) - 3) in refused(url(data), "image_too_large", len(data) - 3)
    refused("data:image/png;base64," + "*" * 2_000_000, "image_too_large")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [3_600, 12_000, 60_000])  # ours, where Pillow warns, where it refuses
def test_more_pixels_than_there_is_memory_for_are_never_decoded(side: int) -> None:
    assert "pixels: make it smaller" in refused(url(bomb(side, side)), "image_too_large")


def test_the_largest_photo_of_a_phone_is_taken_and_no_larger_one() -> None:
    photo = file(Pillow.new("RGB", (8_064, 6_048), RED), "JPEG", quality=20)
    assert shown(decode_image(url(photo), MAX)).size == (1536, 1152)
    refused(url(file(Pillow.new("L", (8_064, 6_300)), "JPEG")), "image_too_large")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_file_that_was_cut_off_is_refused(kind: str) -> None:
    noise = Pillow.effect_noise((200, 200), 90).convert("P" if kind == "GIF" else "RGB")
    data = file(noise, kind)
    assert "send it again" in refused(url(data[: len(data) // 2]), "invalid_image")


@given(
    st.sampled_from([file(picture(), kind) for kind in ("PNG", "JPEG", "WEBP")] + [file(picture(mode="P"), "GIF")]),
    st.data(),
)
def test_a_damaged_file_is_an_image_or_an_error_of_ours(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for at in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6)):
        damaged[at] = draw.draw(st.integers(0, 255))
    try:
        image = decode_image(url(bytes(damaged)), MAX)
    except InputError as error:
        assert error.code in ("invalid_image", "image_too_large", "unsupported_image")
    else:
        assert max(shown(image).size) <= 1536


@given(st.text(max_size=60))
def test_any_text_for_an_address_is_an_error_of_ours(text: str) -> None:
    for address in (text, "data:image/png;base64," + text):
        with pytest.raises(InputError):
            decode_image(address, MAX)
