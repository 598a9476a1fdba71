"""The header of a numbered audio frame, and how its numbers are compared."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from companion.errors import AudioError

_HEADER = struct.Struct(">BBHII")  # version, kind, stream, seq, capture_ms
_VERSION, _MICROPHONE = 1, 1
_WANTED = "12 bytes big-endian: u8 version=1, u8 kind=1, u16 stream, u32 seq, u32 capture_ms, then the audio"


@dataclass(frozen=True, slots=True)
class Frame:
    """stream: 0-65535, one recording of the microphone; a later recording has a later number, and its seq is free.

    seq: the frame's number in its stream, 0 to 2^32 - 1. capture_ms: when its first sample was taken, by any clock of
    the client, modulo 2^32 ms. payload: PCM16LE or one Opus packet.
    """

    stream: int
    seq: int
    capture_ms: int
    payload: bytes


def parse(data: bytes) -> Frame:
    """A frame as it came. Raises AudioError (invalid_frame_header) that says what to send."""
    if len(data) < _HEADER.size:
        raise _wrong(f"a frame of {len(data)} bytes has no header")
    version, kind, stream, seq, capture_ms = _HEADER.unpack_from(data)
    if version != _VERSION:
        raise _wrong(f"version {version} of the header is not known")
    if kind != _MICROPHONE:
        raise _wrong(f"kind {kind} is not known")
    return Frame(stream, seq, capture_ms, data[_HEADER.size :])


def build(frame: Frame) -> bytes:
    """The bytes that `parse` reads; struct.error for numbers out of range."""
    return _HEADER.pack(_VERSION, _MICROPHONE, frame.stream, frame.seq, frame.capture_ms) + frame.payload


def ahead(number: int, of: int, bits: int = 32) -> int:
    """How far `number` is ahead of `of`, negative where it is behind, both modulo 2^bits.

    Numbers go round: 0 follows 2^bits - 1. RFC 1982 section 3.2; what it leaves open, half the circle, is behind.
    """
    half = 1 << (bits - 1)
    return ((number - of + half) & ((1 << bits) - 1)) - half


def _wrong(what: str) -> AudioError:
    return AudioError(f"{what}: send {_WANTED}; or set companion.framing to raw", code="invalid_frame_header")
