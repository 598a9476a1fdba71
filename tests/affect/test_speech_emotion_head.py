"""The trainable head, on features with a known answer and on the states of a tiny Whisper."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affect.backends.head import Head, load, pool, save
from affect.backends.head_training import ece, fit_temperature, fit_threshold, train
from affect.backends.whisper_states import HeadTap, WhisperHead, WhisperStates, create, fingerprint
from affect.labels import UNKNOWN
from affect.speech_emotion import Calibration, EmotionModelError
from api.commands.affect_train import read_manifest
from api.commands.affect_train import train as train_command
from companion.errors import CompanionError, ConfigurationError, InputError
from companion.settings import Speech
from companion.speech.backends import funasr_local
from companion.speech.backends.whisper import WhisperDecoder
from companion.speech.pieces import pieces


def made_features(n: int = 60, f: int = 20) -> tuple[np.ndarray, list[str], list[str]]:
    """Three labels that lie apart, and speakers who shift everything."""
    random = np.random.default_rng(3)
    labels = [("angry", "neutral", "sad")[at % 3] for at in range(n)]
    speakers = [f"s{at // 3 % 6}" for at in range(n)]
    centres = {name: random.normal(0, 1.5, f) for name in ("angry", "neutral", "sad")}
    shift = {name: random.normal(0, 1, f) for name in set(speakers)}
    rows = [centres[a] + shift[b] + random.normal(0, 1, f) for a, b in zip(labels, speakers, strict=True)]
    return np.asarray(rows, np.float32), labels, speakers


def test_pooling_is_mean_and_deviation_over_time() -> None:
    states = np.array([[1.0, 10.0], [3.0, 10.0]], np.float32)
    assert pool(states).tolist() == [2.0, 10.0, 1.0, 0.0]
    for bad in (np.zeros((0, 4)), np.zeros(4)):
        with pytest.raises(ValueError):
            pool(bad)


def test_a_head_learns_and_is_measured_on_speakers_it_has_not_heard() -> None:
    x, labels, speakers = made_features()
    head, figures = train(x, labels, speakers, encoder="e", layer=3)
    assert figures.grouped and figures.n == 60
    assert figures.ua > 0.8
    assert set(figures.recalls) == {"angry", "neutral", "sad"}
    assert figures.nll <= figures.nll_raw + 0.02
    assert head.layer == 3 and head.calibration.n == 60
    right = [max((c := head.predict(row).categories), key=c.__getitem__) == y for row, y in zip(x, labels, strict=True)]
    assert np.mean(right) > 0.85
    again, same = train(x, labels, speakers, encoder="e", layer=3)
    assert same == figures
    assert np.array_equal(again.weights, head.weights)


def test_labels_without_a_pattern_end_at_chance_and_the_head_abstains() -> None:
    random = np.random.default_rng(1)
    labels = [("happy", "sad", "neutral")[at % 3] for at in range(90)]
    head, figures = train(random.normal(size=(90, 16)), labels, encoder="e", layer=1)
    assert figures.ua < 0.5
    assert figures.undecided > 0.5
    assert figures.ece < figures.ece_raw + 0.05
    assert head.predict(np.zeros(16)).categories == dict(UNKNOWN)


def test_two_labels_work_and_answers_are_under_the_prior() -> None:
    random = np.random.default_rng(5)
    labels = ["negative", "neutral"] * 40
    x = random.normal(size=(80, 6)) + np.array([[2.0], [-2.0]] * 40)
    head, figures = train(x, labels, encoder="e", layer=1)
    assert figures.ua > 0.95 and head.weights.shape == (6, 2)
    found = head.predict(np.full(6, 2.0)).categories
    assert found["sad"] + found["angry"] > found["neutral"]
    assert found["sad"] == pytest.approx(found["angry"])


@pytest.mark.parametrize(
    ("rows", "labels", "groups", "why"),
    [
        (4, ["sad"] * 4, None, "at least two"),
        (4, ["sad", "happy", "happy", "happy"], None, "fewer than two recordings"),
        (4, ["sad", "sad", "happy", "happy"], ["a", "a", "b", "c"], "fewer than two speakers"),
        (3, ["sad", "happy"], None, "one row"),
    ],
)
def test_what_cannot_be_trained_says_why(rows: int, labels: list[str], groups: list[str] | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        train(np.ones((rows, 4)), labels, groups, encoder="e", layer=1)


def test_calibration_figures_of_known_cases() -> None:
    codes = np.array([0, 1] * 50)
    sure = np.zeros((100, 2))
    sure[np.arange(100), codes] = 8.0
    sure[:20] = sure[:20, ::-1]  # a fifth is wrong, all are sure of themselves
    assert fit_temperature(sure, codes) == pytest.approx(8 / np.log(4), rel=0.03)  # e^(8/T) = .8 / .2
    shares = np.full((100, 2), 0.2)
    shares[np.arange(100), codes] = 0.8
    assert ece(shares, codes) == pytest.approx(0.2)
    true = np.linspace(0.01, 1.0, 100)
    spread = np.stack((true, 1 - true), 1)
    zeros = np.zeros(100, np.int64)
    threshold = fit_threshold(spread, zeros, 0.9)
    assert np.mean(true >= threshold) == pytest.approx(0.91)
    assert fit_threshold(spread[:5], zeros[:5], 0.9) == 0.0  # too few to promise anything


def test_a_head_survives_its_file_and_wrong_files_do_not(tmp_path: Path) -> None:
    x, labels, speakers = made_features()
    head, _ = train(x, labels, speakers, encoder="whisper-1", layer=2)
    save(head, tmp_path / "a.npz")
    save(head, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = load(tmp_path / "a.npz")
    assert (read.labels, read.encoder, read.layer, read.calibration) == (
        head.labels, "whisper-1", 2, head.calibration)  # fmt: skip
    assert read.predict(x[0]) == head.predict(x[0])
    (tmp_path / "text.npz").write_text("no head")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", format=np.array([object()], dtype=object))
    for name in ("text", "other", "pickled"):
        with pytest.raises(ValueError, match="train"):
            load(tmp_path / f"{name}.npz")
    with pytest.raises(OSError):
        load(tmp_path / "nowhere.npz")
    with pytest.raises(ValueError, match="trained on"):
        head.logits(np.zeros(7))
    with pytest.raises(ValueError, match="NaN"):
        replace(head, bias=np.full(3, np.nan, np.float32))
    with pytest.raises(ValueError, match="scale"):
        replace(head, scale=head.scale * 0)
    with pytest.raises(ValueError, match="shapes"):
        replace(head, bias=np.zeros(2, np.float32))


@pytest.fixture(scope="module")
def net() -> Any:
    import torch
    from whisper.model import ModelDimensions, Whisper

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        tiny = Whisper(ModelDimensions(80, 1500, 32, 2, 3, 51865, 448, 32, 2, 1))
        for name, weights in tiny.named_parameters():
            if weights.dim() > 1 and "positional" not in name:
                torch.nn.init.normal_(weights, std=0.1)
        torch.nn.init.normal_(tiny.decoder.positional_embedding, std=0.1)
    return tiny.eval()


@pytest.fixture(scope="module")
def whisper_folder(net: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As companion.models.whisper.convert writes it."""
    import torch
    import yaml

    folder = tmp_path_factory.mktemp("tiny-whisper")
    config = {
        "model": "WhisperWarp", "model_conf": {"dims": vars(net.dims)}, "frontend": "WhisperFrontend",
        "frontend_conf": {"fs": 16000, "n_mels": 80, "do_pad_trim": True},
    }  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    torch.save({f"model.{name}": value for name, value in net.state_dict().items()}, folder / "model.pt")
    return folder


def tone(pitch: float, seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    t = np.arange(int(seconds * 16_000)) / 16_000
    noise = np.random.default_rng(seed).normal(0, 0.02, t.size)
    return (0.3 * np.sin(2 * np.pi * pitch * t) + noise).astype(np.float32)


def fixed_head(net: Any, layer: int = 2) -> Head:
    random = np.random.default_rng(4)
    return Head(
        ("angry", "sad"), np.zeros(64, np.float32), np.ones(64, np.float32),
        random.normal(size=(64, 2)).astype(np.float32), np.zeros(2, np.float32), fingerprint(net), layer,
        Calibration(threshold=1.0),
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [0.5, 1.013, 31.0])
def test_the_recogniser_s_pass_gives_the_same_states_as_one_of_its_own(net: Any, seconds: float) -> None:
    samples = tone(440.0, seconds)
    states = WhisperStates(net, 2)
    own = pool(np.concatenate([states._states(piece) for piece in pieces(samples)]))
    tap = HeadTap(net, fixed_head(net))
    forward = net.encoder.forward
    try:
        decoder = WhisperDecoder(SimpleNamespace(model=SimpleNamespace(model=net)))
        assert tap.scores is None
        with tap:
            decoder(samples, "en")
    finally:
        net.encoder.forward = forward
    assert tap.pooled is not None
    assert tap.pooled == pytest.approx(own, abs=1e-4)
    if seconds < 29:
        assert states.pooled(samples) == pytest.approx(own, abs=1e-4)
    else:  # cut elsewhere
        assert states.pooled(samples).shape == own.shape
    assert tap.scores is not None and tap.scores.source == "whisper_head"
    assert not net.encoder.blocks[1]._forward_hooks


def test_a_head_of_another_encoder_is_refused(net: Any) -> None:
    head = fixed_head(net)
    with pytest.raises(EmotionModelError, match="train it again"):
        HeadTap(net, replace(head, encoder="whisper-80x512x6-0000"))
    with pytest.raises(EmotionModelError, match="train it again"):
        HeadTap(net, replace(head, layer=9))
    with pytest.raises(EmotionModelError, match="layers 1 to 3"):
        WhisperStates(net, 4)


async def test_the_factory_loads_the_head_and_only_later_an_encoder(
    net: Any, whisper_folder: Path, tmp_path: Path
) -> None:
    save(fixed_head(net), tmp_path / "head.npz")
    section = SimpleNamespace(model=str(tmp_path / "head.npz"), encoder=str(whisper_folder), threads=1)
    made = await create(section, Path)
    assert made._own is None
    found = made.classify(tone(440.0))
    assert sum(found.categories.values()) == pytest.approx(1)
    tap = made.tap(net)
    with tap:
        net.encoder.blocks[1](net.encoder.conv1.weight.new_zeros(1, 80, 32))
    assert tap.pooled is not None and tap.pooled.shape == (64,)
    assert made.classify(np.zeros(16_000, np.float32)).categories == dict(UNKNOWN)
    with pytest.raises(ValueError):
        made.classify(np.full(16_000, np.nan, np.float32))
    with pytest.raises(EmotionModelError, match="no head ships"):
        await create(SimpleNamespace(model=None, encoder="", threads=1), Path)
    (tmp_path / "bad.npz").write_text("x")
    with pytest.raises(EmotionModelError, match="cannot be read"):
        await create(SimpleNamespace(model=str(tmp_path / "bad.npz"), encoder="", threads=1), Path)
    other = WhisperHead(replace(fixed_head(net), encoder="e"), lambda layer: WhisperStates(net, layer))
    with pytest.raises(EmotionModelError, match="train it again"):
        other.classify(tone(440.0))


async def test_transcripts_carry_the_head_s_answer_once_it_is_shared(net: Any, whisper_folder: Path) -> None:
    recognizer = await funasr_local.create(Speech(model=str(whisper_folder)), Path)
    assert isinstance(recognizer, funasr_local.FunasrRecognizer)
    classifier = WhisperHead(fixed_head(net), lambda layer: WhisperStates(net, layer))
    try:
        assert not recognizer.share(object())
        assert (await recognizer.recognize(tone(440.0), "en")).emotion is None
        assert recognizer.share(classifier)
        transcript = await recognizer.recognize(tone(440.0), "en")
        assert transcript.emotion is not None
        assert transcript.emotion.categories == pytest.approx(classifier.classify(tone(440.0)).categories, abs=1e-4)
        silence = np.zeros(16_000, np.float32)
        assert (await recognizer.recognize(silence, "en")).emotion is None
        with pytest.raises(EmotionModelError, match="train it again"):
            other = await funasr_local.create(Speech(model=str(whisper_folder)), Path)
            other.share(WhisperHead(replace(classifier.head, encoder="e"), lambda layer: WhisperStates(net, layer)))
    finally:
        await recognizer.close()


def test_the_command_trains_on_a_manifest(whisper_folder: Path, tmp_path: Path) -> None:
    lines = ["file,label,speaker"]
    for at in range(24):
        label, pitch = ("angry", 900.0) if at % 2 else ("sad", 200.0)
        soundfile.write(tmp_path / f"{at}.wav", tone(pitch + at, 0.5, at), 16_000)
        lines.append(f"{at}.wav,{label},s{at // 2 % 4}")
    (tmp_path / "clips.csv").write_text("\n".join(lines), "utf-8")
    out = tmp_path / "head.npz"
    arguments = ["--manifest", str(tmp_path / "clips.csv"), "--out", str(out), "--encoder", str(whisper_folder)]
    result = CliRunner().invoke(train_command, [*arguments, "--layer", "1"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "speakers kept apart" in result.stdout
    assert "UA        1.000" in result.stdout
    assert "warning" not in result.stderr
    head = load(out)
    assert head.layer == 1 and head.labels == ("angry", "sad") and head.calibration.n == 24
    too_deep = CliRunner().invoke(train_command, [*arguments, "--layer", "7"])
    assert isinstance(too_deep.exception, ConfigurationError)
    assert "layers 1 to 3" in str(too_deep.exception)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("path,label\na.wav,sad\n", "lacks the columns file"),
        ("", "lacks the columns"),
        ("file,label\nb.wav,sad\n", "line 2: .* is not a file"),
        ("file,label\na.wav,sad\na.wav,grumpy\n", "line 3: the label 'grumpy'"),
        ("file,label\na.wav,sad\na.wav,sad\n", "one label only"),
        ("file,label\na.wav,\n", "label ''"),
    ],
)
def test_a_manifest_that_is_wrong_says_where(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.wav").write_bytes(b"x")
    (tmp_path / "m.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match=why):
        read_manifest(tmp_path / "m.csv")


def test_few_clips_are_warned_of_and_a_clip_that_is_no_audio_stops_it(whisper_folder: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(300.0), 16_000)
    (tmp_path / "b.wav").write_text("no audio")
    (tmp_path / "m.csv").write_text("file,label\na.wav,sad\nb.wav,happy\n", "utf-8")
    result = CliRunner().invoke(
        train_command,
        ["--manifest", str(tmp_path / "m.csv"), "--out", str(tmp_path / "h.npz"), "--encoder", str(whisper_folder)],
    )
    assert "only 1 clips of sad" in result.stderr and "no speaker" in result.stderr
    assert isinstance(result.exception, CompanionError)
    with pytest.raises(InputError, match="not a file"):
        read_manifest(tmp_path / "nowhere.csv")
