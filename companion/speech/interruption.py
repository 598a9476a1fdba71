"""Does somebody who makes a sound over a reply want the floor? Pure; times are seconds.

A sigh has no pitch, a sob comes in short bursts, a 嗯 is a soft and even hum, a 对 is over at once: none of them stops
a reply; a stretch of running voice does. All numbers here are authored by us and checked against recordings.
"""

from __future__ import annotations

import statistics

from companion.speech.sound import Sound

_VOICED = 0.5  # clarity
_DIP_DB = 18.0  # so far under the loudest window of this speech is a gap
_DIP_S, _UNVOICED_S = 0.095, 0.16  # a stop's closure is shorter than the one, a fricative than the other
_SHARE = 0.65  # of running speech, at least, is voiced
_EARLY_S, _STRONG_S, _CLEAR_S, _SOFT_S, _LONG_S = 0.19, 0.28, 0.35, 0.6, 1.0  # of running voice that is needed
_SOFT_DB, _STRONG_DB = 6.0, 2.0  # under the person's usual level
_HUM_DB, _EVEN_DB = -20.0, 4.0  # brightness of a hum, and its standard deviation


class Interruption:
    """The speech that runs, fed one window after the other."""

    def __init__(self) -> None:
        self._peak_db = -120.0
        self._voiced: list[Sound] = []  # of the run: since the last gap
        self._voiced_s = self._run_s = 0.0  # the run ends with its last voiced window
        self._dip_s = self._unvoiced_s = 0.0

    def window(self, seconds: float, sound: Sound | None) -> None:
        """One more window of so many seconds. sound: None where nobody speaks."""
        level = -120.0 if sound is None else sound.level_db
        self._peak_db = max(self._peak_db, level)
        dip = level < self._peak_db - _DIP_DB
        self._dip_s = self._dip_s + seconds if dip else 0.0
        if sound is not None and not dip and sound.clarity >= _VOICED:
            self._run_s += seconds + (self._unvoiced_s if self._voiced else 0.0)
            self._voiced_s += seconds
            self._voiced.append(sound)
            self._unvoiced_s = 0.0
            return
        self._unvoiced_s += seconds
        if self._dip_s >= _DIP_S or self._unvoiced_s >= _UNVOICED_S:
            self._voiced.clear()
            self._voiced_s = self._run_s = 0.0

    def wants_the_floor(self, usual_db: float | None, *, told: bool) -> bool:
        """Whether to stop the reply now.

        usual_db: level of the person's voice, dB re full scale, None while unknown. told: whether anything of the
        reply was said yet; before that there is nothing to hum at, and who speaks has more to say.
        """
        if not self._voiced or self._voiced_s < _SHARE * self._run_s:
            return False
        return self._run_s >= (self._needed_s(usual_db) if told else _EARLY_S) - 1e-9

    def _needed_s(self, usual_db: float | None) -> float:
        bright = [sound.bright_db for sound in self._voiced]
        if statistics.fmean(bright) < _HUM_DB and statistics.pstdev(bright) < _EVEN_DB:
            return _LONG_S
        if usual_db is None:
            return _CLEAR_S
        level = statistics.fmean(sound.level_db for sound in self._voiced)
        if level < usual_db - _SOFT_DB:
            return _SOFT_S
        return _STRONG_S if level > usual_db - _STRONG_DB else _CLEAR_S
