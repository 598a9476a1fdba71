"""`companion affect` as a researcher types it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affect.labels import EMOTIONS
from api.cli import companion
from companion.errors import CompanionError
from tests.affect.tiny_words import build

AUDIO = Path(__file__).parents[1] / "audio"
FILES = [str(AUDIO / name) for name in ("funasr-asr_example.wav", "aishell-BAC009S0724W0121.wav")]


def run(*arguments: str, typed: str | None = None) -> list[dict]:
    result = CliRunner().invoke(companion, ["affect", *arguments, "--json"], input=typed, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


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


@pytest.mark.parametrize(
    "arguments", [[], ["--words", FILES[0]], [*FILES, "--plot", "x.png"], [FILES[0], "--classifier", "."]]
)
def test_wrong_use_says_what_to_do(arguments: list[str]) -> None:
    result = CliRunner().invoke(companion, ["affect", *arguments], input="")
    assert result.exit_code == 2 and "Error" in result.output


def test_words_are_read_by_a_directory_that_is_named_or_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, typed = build(tmp_path / "model"), "我好开心\n\n不好\n"
    ours, theirs = run("--words", typed=typed), run("--words", "--classifier", str(model), typed=typed)
    assert [x["categories"] for x in theirs] != [x["categories"] for x in ours]
    assert theirs[1]["categories"]["unknown"] == 1.0 and len(theirs) == 3
    voiced = (FILES[0], "--text", "我好开心")
    (by_model,), (by_ours,) = run(*voiced, "--classifier", str(model)), run(*voiced)
    assert by_model["prosody"] == by_ours["prosody"] and by_model["categories"] != by_ours["categories"]
    monkeypatch.setenv("COMPANION_WORDS__BACKEND", "transformers")
    monkeypatch.setenv("COMPANION_WORDS__MODEL", str(model))
    assert run("--words", typed=typed) == theirs


MONDAY_S = 1_704_067_200  # 2024-01-01 00:00 UTC


def reading(at: float, valence: float | None, arousal: float | None = 0.1) -> str:
    return json.dumps({"at": at, "valence": valence, "arousal": arousal, "uncertainty": 0.3, "note": "passed over"})


def weeks(*arguments: str, typed: str) -> list[dict]:
    return run("weekly", *arguments, typed=typed)


def test_readings_become_weeks_whatever_their_order() -> None:
    good = [reading(MONDAY_S + 60 * k, 0.4 + 0.02 * (k % 3)) for k in range(8)]
    bad = [reading(MONDAY_S + 14 * 86_400 + 3_000 * k, -0.4, None) for k in range(7)]
    found = weeks(typed="\n".join([*bad, "", *good]))
    assert [(w["start"], w["sessions"], w["turns"]) for w in found] == [("2024-01-01", 1, 8), ("2024-01-15", 7, 7)]
    assert found[0]["valence"]["low"] <= found[0]["valence"]["value"] == pytest.approx(0.42, abs=0.01)
    assert found[1]["slope"]["value"] == pytest.approx(-0.41, abs=0.01) and found[1]["arousal"] is None
    assert found[0]["below_share"] is None
    assert weeks("--usual-weeks", "1", typed="\n".join(good + bad))[0]["below_share"]["value"] < 0.5
    assert weeks(typed="") == []


def test_a_week_begins_on_the_persons_own_monday() -> None:
    evening = reading(MONDAY_S - 3_600, 0.1)
    assert [weeks("--utc-offset", h, typed=evening)[0]["start"] for h in ("0", "8")] == ["2023-12-25", "2024-01-01"]


def test_weeks_are_told_to_people_too() -> None:
    lines = "\n".join(reading(MONDAY_S + 60 * k, -0.3) for k in range(8))
    result = CliRunner().invoke(companion, ["affect", "weekly"], input=lines, catch_exceptions=False)
    assert result.output.startswith("2024-01-01  1 sessions, 8 turns, 8 of known valence\n  valence      -0.30  (")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("我今天很难过", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not an object"),
        ('{"at": 1, "arousal": 0, "uncertainty": 0}', "lacks valence"),
        (reading(1.7e12, 0.1), "not milliseconds"),
        (reading(MONDAY_S, 3.0), "valence is 3"),
        (reading(MONDAY_S, float("nan")), "valence is nan"),
        (reading(10**400, 0.1), "at is inf"),
        ('{"at": 1, "valence": "难过", "arousal": 0, "uncertainty": 0}', "valence is no number"),
        ('{"at": 1, "valence": 0, "arousal": 0, "uncertainty": null}', "uncertainty is no number"),
    ],
)
def test_a_line_that_is_no_reading_is_named_and_never_quoted(line: str, told: str) -> None:
    with pytest.raises(CompanionError, match=f"line 2.*{told}") as error:
        weeks(typed=f"{reading(MONDAY_S, 0.1)}\n{line}\n")
    assert "难过" not in str(error.value)


def test_too_little_to_know_what_is_usual_says_so() -> None:
    with pytest.raises(CompanionError, match="raise --usual-weeks"):
        weeks("--usual-weeks", "1", typed=reading(MONDAY_S, 0.1))
