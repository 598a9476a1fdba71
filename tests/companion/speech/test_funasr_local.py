"""FunASR's own SenseVoice pipeline through our backend, with a model whose answers are known."""

import asyncio
import logging
import os
import random
import shutil
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from companion.errors import AudioError, ConfigurationError, ModelUnavailable, SpeechError
from companion.settings import Speech
from companion.speech.backends import funasr_local
from companion.speech.backends.funasr_local import FunasrRecognizer, create, read_tags
from companion.speech.pieces import joined, pieces
from companion.speech.recognizer import Recognizer, Transcript, passes
from tests.tiny.sensevoice import ANSWERS, SAMPLE_RATE, Answer, chord


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every name that is looked up meanwhile; none is found."""
    asked: list[object] = []

    def refuse(host: object, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return asked


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: "-".join(a.tags[:2]))
async def test_each_chord_is_answered_with_its_words_and_its_language(
    recognizer: FunasrRecognizer, answer: Answer
) -> None:
    heard = await recognizer.recognize(chord(answer))
    assert (heard.text, heard.language) == (answer.text, answer.tags[0])


async def test_forty_seconds_are_heard_in_pieces_in_order_and_none_is_left_out(
    recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = np.concatenate([chord(answer, 10.0) for answer in ANSWERS])
    quiet = 22 * SAMPLE_RATE
    long[quiet : quiet + SAMPLE_RATE // 5] = 0.0
    parts = pieces(long)
    assert len(parts) == 2 and abs(parts[0].size - quiet) < SAMPLE_RATE // 5
    alone = [await recognizer.recognize(part) for part in parts]
    whole = await recognizer.recognize(long)
    assert all(part.text for part in alone)
    assert whole.text == joined(alone, whole.language).text

    # The same length cut where the answers are known: all 34 come back, each in its place.
    said = [ANSWERS[n % len(ANSWERS)] for n in range(34)]
    size = chord(ANSWERS[0]).size
    monkeypatch.setattr(funasr_local, "pieces", lambda s: [s[at : at + size] for at in range(0, s.size, size)])
    heard = await recognizer.recognize(np.concatenate([chord(answer) for answer in said]))
    once = "我今天很开心我有点累 good morning leave me alone"
    assert heard.text == " ".join([*[once] * 8, "我今天很开心我有点累"])
    assert heard.language == "zh"


async def test_a_hint_reaches_the_model_and_one_it_does_not_know_means_detect(
    recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    auto = recognizer._decode._auto  # type: ignore[attr-defined]
    asked, generate = [], auto.generate

    def spied(**options: object) -> object:
        asked.append(options["language"])
        return generate(**options)

    monkeypatch.setattr(auto, "generate", spied)
    for hint in ("zh", "en", "ja", "fr", None):
        heard = await recognizer.recognize(chord(ANSWERS[0]), hint)
        assert ANSWERS[0].text in heard.text
    assert asked == ["zh", "en", "ja", "auto", "auto"]
    assert heard.language == "zh"


async def test_the_language_is_that_of_the_words_not_of_a_piece_without_any(
    recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["<|en|><|EMO_UNKNOWN|><|BGM|><|woitn|>", "<|zh|><|HAPPY|><|Speech|><|withitn|>你好"])
    auto = recognizer._decode._auto  # type: ignore[attr-defined]
    monkeypatch.setattr(auto, "generate", lambda **_: [{"text": next(answers)}])
    heard = await recognizer.recognize(np.ones(40 * SAMPLE_RATE, np.float32))
    assert (heard.text, heard.language) == ("你好", "zh")


async def test_two_at_once_are_both_answered(recognizer: FunasrRecognizer) -> None:
    heard = await asyncio.gather(*(recognizer.recognize(chord(answer)) for answer in ANSWERS * 2))
    assert [h.text for h in heard] == [answer.text for answer in ANSWERS] * 2


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        (np.zeros(SAMPLE_RATE // 100, np.float32), "25 ms"),
        (np.zeros(0, np.float32), "25 ms"),
        (np.zeros((SAMPLE_RATE, 2), np.float32), "mono"),
        (np.full(SAMPLE_RATE, np.nan, np.float32), "NaN"),
        (np.append(np.zeros(SAMPLE_RATE, np.float32), np.float32(np.inf)), "infinity"),
    ],
)
async def test_what_cannot_be_speech_is_refused_and_the_next_is_heard(
    recognizer: FunasrRecognizer, samples: np.ndarray, word: str
) -> None:
    with pytest.raises(AudioError, match=word):
        await recognizer.recognize(samples)
    assert (await recognizer.recognize(chord(ANSWERS[1]))).text == ANSWERS[1].text


async def test_twenty_five_milliseconds_and_silence_are_heard_without_an_error(recognizer: FunasrRecognizer) -> None:
    for samples in (chord(ANSWERS[0], 0.025), np.zeros(SAMPLE_RATE, np.float32)):
        assert isinstance((await recognizer.recognize(samples)).text, str)


async def test_a_failing_model_is_a_speech_error_without_its_message(
    recognizer: FunasrRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> object:
        raise RuntimeError("我今天很开心")

    monkeypatch.setattr(recognizer._decode._auto, "generate", broken)  # type: ignore[attr-defined]
    with pytest.raises(SpeechError, match="RuntimeError") as caught:
        await recognizer.recognize(chord(ANSWERS[0]))
    assert "开心" not in str(caught.value) and caught.value.__cause__ is None


async def test_a_model_that_takes_too_long_names_the_setting(tiny_sensevoice: Path) -> None:
    recognizer = await create(Speech(model=str(tiny_sensevoice), timeout_s=0.001), Path)
    with pytest.raises(SpeechError, match="COMPANION_SPEECH__TIMEOUT_S"):
        await recognizer.recognize(np.concatenate([chord(answer, 5.0) for answer in ANSWERS]))
    await recognizer.close()


@pytest.mark.parametrize("model", ["/no/such/model", "./model", "../model", "model", "here/model", "a/b/c"])
async def test_a_path_that_is_not_there_is_told_at_once_and_no_hub_is_asked(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[object]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    started = time.perf_counter()
    with pytest.raises(ModelUnavailable, match="COMPANION_SPEECH__MODEL"):
        await create(Speech(model=model), Path)
    assert time.perf_counter() - started < 1.0
    assert no_network == []


async def test_a_path_that_the_operator_misspelt_stays_the_locators_error(no_network: list[object]) -> None:
    def locate(model: str) -> Path:
        raise ModelUnavailable(f"{model} is not here")

    with pytest.raises(ModelUnavailable, match="is not here"):
        await create(Speech(model="pack:no-such"), locate)
    assert no_network == []


async def test_a_directory_that_is_no_model_says_which_to_give(tmp_path: Path, no_network: list[object]) -> None:
    (tmp_path / "model.pt").write_bytes(b"weights")
    with pytest.raises(ModelUnavailable, match=r"config\.yaml.*AutoModel.*COMPANION_SPEECH__MODEL"):
        await create(Speech(model=str(tmp_path)), Path)
    assert no_network == []


@pytest.mark.parametrize("name", ["model.pt", "bpe.model", "config.yaml"])
async def test_a_broken_or_missing_file_of_a_model_is_an_error_of_ours(
    tiny_sensevoice: Path, tmp_path: Path, name: str, no_network: list[object]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny_sensevoice, folder)
    os.truncate(folder / name, 100)
    with pytest.raises(ModelUnavailable, match="whole"):
        await create(Speech(model=str(folder)), Path)
    (folder / name).unlink()
    with pytest.raises(ConfigurationError):
        await create(Speech(model=str(folder)), Path)
    assert no_network == []


async def test_loading_leaves_the_root_logger_the_generators_and_stdout_alone(
    tiny_sensevoice: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    root = logging.getLogger()

    def state() -> tuple[object, ...]:
        numpy = np.random.get_state()
        drawn = random.getstate(), numpy[1].tolist(), numpy[2], torch.get_rng_state().tolist()  # type: ignore[index]
        return *drawn, root.handlers[:], root.level, root.filters[:]

    random.seed(7)
    np.random.seed(7)
    torch.manual_seed(7)
    before = state()
    recognizer = await create(Speech(model=str(tiny_sensevoice)), Path)
    try:
        assert state() == before
        assert capfd.readouterr().out == ""
    finally:
        await recognizer.close()


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("<|zh|><|HAPPY|><|Speech|><|withitn|>我今天很开心。", Transcript("我今天很开心。", "zh")),
        ("<|en|><|EMO_UNKNOWN|><|BGM|><|woitn|> good morning", Transcript("good morning", "en")),
        ("<|yue|><|NEUTRAL|><|Speech|><|withitn|>早晨", Transcript("早晨", "yue")),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>the", Transcript("", None)),
        ("<|HAPPY|><|Speech|>words", Transcript("words", None)),
        ("<|zh|><|HAPPY|><|Speech|><|withitn|>", Transcript("", "zh")),
        ("plain words, 3 < 4 | 5 > 4", Transcript("plain words, 3 < 4 | 5 > 4", None)),
        ("", Transcript("", None)),
    ],
)
def test_tags_are_read_and_not_shown(raw: str, wanted: Transcript) -> None:
    assert read_tags(raw) == wanted


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: a.tags[1])
def test_tags_of_the_tiny_model_are_read(answer: Answer) -> None:
    assert read_tags(answer.raw) == Transcript(answer.text, answer.tags[0])


async def test_a_pass_that_was_cancelled_is_counted_until_it_leaves_the_thread(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave, inside = threading.Event(), threading.Event()

    def slow(*_: object) -> Transcript:
        inside.set()
        leave.wait(10)
        return Transcript("")

    assert passes(recognizer) == 0
    with monkeypatch.context() as patch:
        patch.setattr(recognizer, "_decode", slow)
        ahead = asyncio.create_task(recognizer.recognize(chord(ANSWERS[0])))
        await asyncio.to_thread(inside.wait, 10)
        ahead.cancel()
        await asyncio.wait((ahead,))
        assert ahead.cancelled() and passes(recognizer) == 1
        leave.set()
    assert (await recognizer.recognize(chord(ANSWERS[0]))).text == ANSWERS[0].text
    assert passes(recognizer) == 0
