"""`companion affect` as a researcher types it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affect.labels import EMOTIONS
from api.cli import companion

AUDIO = Path(__file__).parents[1] / "audio"
FILES = [str(AUDIO / name) for name in ("funasr-asr_example.wav", "aishell-BAC009S0724W0121.wav")]


def run(*arguments: str, typed: str | None = None) -> list[dict]:
    result = CliRunner().invoke(companion, ["affect", *arguments, "--json"], input=typed, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_every_file_has_all_fields_in_their_ranges() -> None:
    (line,) = run(FILES[0], "--text", "欢迎大家")
    assert line["file"] == FILES[0] and -1 <= line["arousal"] <= 1 and -1 <= line["valence"] <= 1
    assert -1 <= line["dominance"] <= 1 and 0 <= line["uncertainty"] <= 1 and line["evidence"]
    assert set(line["categories"]) == {*EMOTIONS, "unknown"} and sum(line["categories"].values()) == pytest.approx(
        1, abs=1e-3
    )
    assert set(line["incongruence"]) == {"score", "kind", "confidence"} and line["prosody"]["f0_median_st"] > 10


def test_strangers_stay_strangers_and_one_speaker_is_heard_beside_what_was_heard_of_them() -> None:
    strangers, speaker, learnt = run(*FILES), run(*FILES, "--speaker", "a"), run(*FILES, "--baseline", "label-free")
    assert [x["baseline"]["n"] for x in strangers] == [0, 0]
    assert [x["baseline"]["n"] for x in speaker] == [0, 1]
    assert [x["baseline"]["n"] for x in learnt] == [2, 2]
    assert learnt[0]["uncertainty"] < strangers[0]["uncertainty"]
    alone = run(FILES[1])[0]
    assert alone["arousal"] == strangers[1]["arousal"]


def test_lines_of_words_are_answered_one_by_one_and_empty_ones_too() -> None:
    lines = run("--words", typed="我今天特别开心\n我不开心\n\nI'm so angry right now\n明天几点开会\n")
    assert [x["line"] for x in lines] == [1, 2, 3, 4, 5]
    assert [x["label"] for x in lines][:1] == ["happy"] and lines[1]["valence"] < 0 < lines[0]["valence"]
    assert lines[2]["categories"]["unknown"] == 1.0 and lines[2]["arousal"] is None
    top = [max(EMOTIONS, key=lambda name: x["categories"][name]) for x in lines]
    assert (top[3], top[4]) == ("angry", "neutral")


def test_music_is_answered_with_unknown(tmp_path: Path) -> None:
    t = np.arange(16_000 * 4) / 16_000
    tune = sum(0.1 * np.sin(2 * np.pi * f * t) * np.exp(-(t % 0.5) * 3) for f in (262, 330, 392, 523))
    soundfile.write(tmp_path / "tune.wav", tune, 16_000)
    (line,) = run(str(tmp_path / "tune.wav"))
    assert line["label"] == "unknown" and line["categories"]["unknown"] == 1.0 and line["arousal"] is None


def test_a_long_recording_comes_with_its_curve_and_a_sheet_is_drawn(tmp_path: Path) -> None:
    samples, rate = soundfile.read(AUDIO / "librispeech-1995-1837-0001.wav")
    long = tmp_path / "long.wav"
    soundfile.write(long, np.tile(samples, 3), rate)
    sheet = tmp_path / "sheet.png"
    (line,) = run(str(long), "--plot", str(sheet))
    ends = [stretch["end_s"] for stretch in line["curve"]]
    assert len(ends) >= 3 and ends == sorted(ends)
    assert sheet.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("arguments", [[], ["--words", FILES[0]], [*FILES, "--plot", "x.png"]])
def test_wrong_use_says_what_to_do(arguments: list[str]) -> None:
    result = CliRunner().invoke(companion, ["affect", *arguments], input="")
    assert result.exit_code == 2 and "Error" in result.output
