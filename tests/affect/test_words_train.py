from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from affect.labels import EMOTIONS
from affect.words.corpus import Line, digest, drills, misheard, read_corpus
from affect.words.features import NAMES, dense, hashed
from affect.words.head import default_head, load, save
from affect.words.scan import Lexicon, default_lexicon, scan
from affect.words.train import expected_calibration_error, f1_by_label, train

SMALL = Lexicon({e: default_lexicon().entries[e] for e in ("开心", "难过", "happy", "sad")})


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    rows = np.array([np.random.default_rng(len(t)).standard_normal(8) for t in texts], np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def lines() -> list[Line]:
    marks = dict(zip(EMOTIONS, "怒乐泪怕惊呕平", strict=True))
    return [Line(c, f"{marks[c]}{marks[c]}第{n}句", f"file{n % 2}") for n in range(6) for c in EMOTIONS]


def test_the_weights_that_ship_are_of_the_corpus_that_ships() -> None:
    assert default_head().corpus == digest(read_corpus()), "the corpus changed: run `companion affect train-words`"


def test_every_line_of_the_corpus_has_its_own_text() -> None:
    seen = [line.text for line in read_corpus()]
    assert len(seen) > 5000 and len(seen) - len(set(seen)) < 0.005 * len(seen)


def test_training_is_deterministic_and_learns(tmp_path: Path) -> None:
    heads = [train(lines(), embed, embedder="eight", lexicon=SMALL) for _ in range(2)]
    for name, (head, _) in zip(("a", "b"), heads, strict=True):
        save(head, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    head, figures = heads[0]
    assert [f.source for f in figures] == ["file0", "file1", "all"]
    assert figures[-1].lines == 42 and figures[-1].macro_f1 > 0.9
    text = "泪泪第9句"
    assert EMOTIONS[int(head.probabilities(scan(text, SMALL), embed([text])[0]).argmax())] == "sad"
    again = load(tmp_path / "a")
    found = scan(text, SMALL)
    assert np.array_equal(again.probabilities(found), head.probabilities(found))
    assert again.embedder == "eight" and again.dimensions == 8
    with pytest.raises(ValueError, match="shape"):
        again.probabilities(found, np.zeros(9, np.float32))


def test_words_alone_read_and_know_their_doubt_on_files_they_have_not_seen() -> None:
    """Three files, each read by a head of the other two, with the lexicon that ships and no sentence vectors."""
    some = [line for line in read_corpus() if line.source in ("mixed", "turns", "zh-confiding")]
    lexicon = default_lexicon()
    _, figures = train(some, lambda texts: np.zeros((len(texts), 2), np.float32), embedder="none", lexicon=lexicon)
    total = figures[-1]
    assert total.source == "all" and total.macro_f1 > 0.5 and total.ece <= 0.1


def test_a_corpus_that_cannot_teach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no line for"):
        train([Line("happy", "x", "a")], embed, embedder="eight", lexicon=SMALL)
    with pytest.raises(ValueError, match="two files"):
        train([Line(c, c, "a") for c in EMOTIONS], embed, embedder="eight", lexicon=SMALL)
    with pytest.raises(ValueError, match="no line to learn from"):
        read_corpus(tmp_path)
    (tmp_path / "x.tsv").write_text("# a\njolly\t你好\n", "utf-8")
    with pytest.raises(ValueError, match=r"x\.tsv, line 2"):
        read_corpus(tmp_path)


def test_a_file_that_is_no_head_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.npz").open("wb") as out:
        np.savez(out, a=np.zeros(3))
    with pytest.raises(ValueError, match="train it again"):
        load(tmp_path / "x.npz")


def test_misheard_text_has_no_marks_and_some_wrong_characters() -> None:
    text = "我今天真的很难过，不知道怎么办！" * 20
    heard = misheard(text, Random(1), 0.1)
    kept = text.replace("，", " ").replace("！", " ").split()
    wrong = sum(a != b for a, b in zip("".join(heard.split()), "".join(kept), strict=True))
    assert 0.03 < wrong / len(text) < 0.2 and "，" not in heard
    assert misheard(text, Random(1), 0.1) == heard


def test_drills_say_negated_feelings_in_both_languages() -> None:
    texts = {line.text: line.label for line in drills(1.0)}
    assert texts["我很开心"] == "happy" and texts["I'm happy"] == "happy"
    assert {"我一点都不开心", "I'm not happy", "今天不 happy", "我不是不开心"} <= set(texts)
    assert not any("I'm 开心" in text or "我happy" in text for text in texts)


def test_features_have_one_shape_whatever_the_text() -> None:
    for text in ("", "嗯", "I'm not happy 😭", "开心" * 200):
        found = scan(text, default_lexicon())
        assert dense(found).shape == (len(NAMES),) and np.abs(dense(found)).max() <= 2
        buckets, weight = hashed(found.text)
        assert len(set(buckets.tolist())) == len(buckets) and 0 < weight <= 1


def test_figures_by_hand() -> None:
    truth, guess = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    f1 = f1_by_label(truth, guess)
    assert f1[:2] == pytest.approx([2 / 3, 0.8]) and f1[2] is None
    assert expected_calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)
