"""Opus packets -> samples, through the system's libopus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from companion.errors import AudioError

_RATE = 16_000  # libopus decodes to it whatever rate was encoded
_LONGEST = _RATE * 120 // 1000  # samples of a packet at most: 120 ms, RFC 6716 section 3.2.5
_CONCEALED = 5  # packets made up in a row at most; authored: 100 ms of 20 ms, by which libopus has faded out


class OpusDecoder:
    """One stream of packets. About 25 us for 20 ms."""

    def __init__(self) -> None:
        """Raises AudioError (codec_unavailable) where the library is missing."""
        try:
            import opuslib_next
        except Exception:  # a bare Exception says that there is no libopus
            raise AudioError(
                "this server has no Opus decoder: send PCM, or have its operator install libopus "
                "(Debian: libopus0; elsewhere: pip install opuslib-next-bundled)",
                code="codec_unavailable",
            ) from None
        self._refused = opuslib_next.OpusError
        self._decoder: Any = opuslib_next.Decoder(_RATE, 1)
        self._size = 0  # samples of the last packet

    def decode(self, packet: bytes, lost: int = 0) -> NDArray[np.float32]:
        """Samples of one packet: float32, shape (n,), 16 kHz mono, full scale +-1.

        lost: packets that did not come before it; as many as 5 are made up, the last of them from this packet where the
        sender repeats itself (in-band FEC). Raises AudioError (invalid_audio).
        """
        if not packet:
            raise AudioError("an Opus packet of 0 bytes: send one whole packet a frame")
        made_up = min(lost, _CONCEALED) if self._size else 0
        try:
            parts = [self._decoder.decode(b"", self._size) for _ in range(made_up - 1)]
            if made_up:
                parts.append(self._decoder.decode(packet, self._size, decode_fec=True))
            parts.append(self._decoder.decode(packet, _LONGEST))
        except self._refused:
            raise AudioError("not an Opus packet: send one whole packet a frame, without a container") from None
        self._size = len(parts[-1]) // 2
        return np.frombuffer(b"".join(parts), np.int16).astype(np.float32) / np.float32(32_768)
