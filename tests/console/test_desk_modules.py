"""What the desk reckons with, its words, and its files: modules asked one by one in the browser that runs them."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api.console.routes import desk as page_of_desk

pytestmark = pytest.mark.asyncio(loop_scope="session")
FOLDER = Path(__file__).parents[2] / "api" / "console" / "desk"
OURS = sorted(path for path in FOLDER.glob("*.js") if not path.name.startswith("uplot"))

TURN = """const turn = (valence, uncertainty, level = 0, kind = null, by = "model") => ({
  at: 1000 + 60 * n++, answered_by: by, trajectory: "falling",
  affect: valence === undefined ? null : { valence, uncertainty, status: "final", voice: null,
    words: { valence, arousal: null, uncertainty }, incongruence: kind && { score: 0.5, kind } },
  risk: { level, held: Math.max(level, 1), kinds: level ? ["suicide"] : [], reasons: [] },
});
let n = 0;"""

SUMMARY = f"""async () => {{
  {TURN}
  const {{ summarise, phrases, mean }} = await import("/desk/summary.js");
  const {{ speak }} = await import("/desk/words.js");
  const turns = [
    turn(0.5, 0), turn(0.1, 0.5), turn(undefined), turn(-0.2, 0.2, 1), turn(-0.5, 0.2, 3, "masked_distress", "script"),
    turn(-0.4, 0.2, 3), turn(-0.6, 0), turn(null, 1), turn(-0.2, 0.5, 0, "sarcasm"),
  ];
  const sum = summarise(turns, null);
  speak("en");
  const said = phrases(sum).map(([text, place]) => [text, place]);
  speak("zh");
  return {{ sum, said, zh: phrases(sum)[1][0], none: summarise([], {{ held_level: 2, state: "steady" }}),
    few: summarise(turns.slice(0, 2), null), unknown: mean([turn(null, 1)]) }};
}}"""

CURVE = f"""async () => {{
  {TURN}
  const {{ columns, stretches }} = await import("/desk/curve.js");
  const turns = [turn(0.9, 0.3), turn(undefined), turn(null, 1), turn(-0.2, 0.1), turn(0, 0.5)];
  turns[4].affect.voice = {{ valence: -0.9, arousal: 0.4, uncertainty: 0.2 }};
  return {{ valence: columns(turns, "valence"), arousal: columns(turns, "arousal"),
    stretches: [[1, null, 2, 3], [null, null], [], [4], [1, 2]].map(stretches) }};
}}"""

MARKED = """async () => {
  const { marked } = await import("/desk/transcript.js");
  const show = (said, ...spans) => {
    const node = marked({ said, risk: { reasons: spans.map((span) => ({ span })) } });
    return [node.textContent, [...node.querySelectorAll("mark")].map((each) => each.textContent)];
  };
  return [show("我\U0001f622快撑不住了", [2, 6]), show("abcdef", [3, 5], [0, 2], [1, 4]), show("abc", null),
    show("<b>x</b>", [0, 3])];
}"""

GROWING = """async () => {
  const { Growing } = await import("/desk/live.js");
  const growing = new Growing();
  const took = [
    { type: "conversation.item.input_audio_transcription.delta", delta: "我今" },
    { type: "conversation.item.input_audio_transcription.completed", transcript: "我今天" },
    { type: "response.output_text.delta", delta: "嗯" },
    { type: "companion.affect" },
    { type: "an.event.of.tomorrow" },
    { type: "conversation.item.added", item: { role: "assistant" } },
    { type: "response.output_text.done", text: "嗯，我在。" },
    { type: "response.done" },
  ].map((event) => growing.take(event));
  const parts = growing.parts.map((each) => ({ ...each }));
  growing.clear();
  return { took, parts, after: growing.parts };
}"""

WORDS = """async () => {
  const { rule, speak, term } = await import("/desk/words.js");
  const told = [];
  for (const language of ["zh", "en"]) {
    speak(language);
    told.push(["plan.note", "plan.note+past", "wish.not_live", "voice.sarcasm", "of.tomorrow"].map(rule));
  }
  return [...told, term("kind", "of_tomorrow")];
}"""

KEYS = """async () => {
  const { keyOf } = await import("/desk/keys.js");
  const press = (key, where, other = {}) => {
    const told = [];
    const hear = (event) => told.push(keyOf(event));
    document.addEventListener("keydown", hear);
    where.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...other }));
    document.removeEventListener("keydown", hear);
    return told[0];
  };
  const box = document.body.appendChild(document.createElement("textarea"));
  const told = [press("J", document.body), press("j", box), press("c", document.body, { ctrlKey: true }),
    press("Escape", document.body), press("r", document.body, { metaKey: true })];
  box.remove();
  return told;
}"""


async def test_a_session_in_one_line(modules: Any) -> None:
    told = await modules.evaluate(SUMMARY)
    total = told["sum"]
    assert (total["count"], total["seconds"], total["level"], total["worst"]) == (9, 480, 3, 4)
    assert (total["apart"], total["others"], total["held"]) == ([4, 8], 1, 1)
    assert total["from"] == pytest.approx((0.5 + 0.5 * 0.1) / 1.5)  # weighed by certainty; unknown weighs nothing
    assert total["to"] == pytest.approx((-0.6 - 0.5 * 0.2) / 1.5)
    texts = [text for text, _ in told["said"]]
    assert texts[0] == "9 turns in 8 min" and re.match(r"highest level 3: Suicide, turn 5 at \d\d:\d\d$", texts[1])
    assert texts[2] == "voice and words differ 2 times" and texts[3] == "mood going down (+0.37 → −0.47)"
    assert texts[4:] == ["1 answered by the protocol or a human", "now held at level 1"]
    assert [place for _, place in told["said"]] == [None, 4, 4, None, None, None]
    assert told["zh"].startswith("最高 3 级：自杀，第 5 句 ")
    assert (told["none"]["worst"], told["none"]["held"], told["none"]["state"]) == (None, 2, "steady")
    assert told["few"]["from"] is None and told["unknown"] is None


async def test_what_is_unknown_is_a_gap_and_a_band_ends_at_full_scale(modules: Any) -> None:
    told = await modules.evaluate(CURVE)
    words, voice = told["valence"]["words"], told["valence"]["voice"]
    assert told["valence"]["x"] == [1, 2, 3, 4, 5]
    assert words["value"] == [0.9, None, None, -0.2, 0]
    assert words["high"][0] == 1 and words["low"][0] == pytest.approx(0.6) and words["low"][1] is None
    assert voice["value"] == [None] * 4 + [-0.9] and voice["low"][4] == -1
    assert told["arousal"]["voice"]["value"][4] == 0.4 and told["arousal"]["words"]["value"] == [None] * 5
    assert told["stretches"] == [[[0, 0], [2, 3]], [], [], [[0, 0]], [[0, 1]]]


async def test_what_a_ground_points_to_is_marked_by_code_points(modules: Any) -> None:
    crying, over, bare, markup = await modules.evaluate(MARKED)
    assert crying == ["我\U0001f622快撑不住了", ["快撑不住"]]
    assert over == ["abcdef", ["ab", "de"]]  # what lies over another is told once
    assert bare == ["abc", []] and markup == ["<b>x</b>", ["<b>"]]


async def test_a_turn_grows_from_events_until_it_is_over(modules: Any) -> None:
    told = await modules.evaluate(GROWING)
    assert told["took"] == ["grown", "grown", "grown", None, None, None, "grown", "done"]
    assert told["parts"] == [{"said": "我今天", "reply": "嗯，我在。"}] and told["after"] == []


async def test_codes_are_told_in_plain_words_and_unknown_ones_as_they_are(modules: Any) -> None:
    chinese, english, kind = await modules.evaluate(WORDS)
    assert chinese == ["写了遗书", "写了遗书（过去的事）", "不想活", "声音和话语不一致", "of.tomorrow"]
    assert english[:2] == ["wrote a farewell note", "wrote a farewell note (past)"] and kind == "of_tomorrow"


async def test_letters_are_keys_only_where_nobody_writes(modules: Any) -> None:
    assert await modules.evaluate(KEYS) == ["j", None, None, "Escape", None]


async def test_the_desk_is_plain_files_under_a_strict_policy() -> None:
    with TestClient(Litestar([page_of_desk])) as client:
        page = client.get("/desk")
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and page.status_code == 200
        assert not re.search(r"<script(?![^>]*src=)|<style|style=| on\w+=|https?://", page.text)
        for name in re.findall(r'"(/desk/[\w.-]+)', page.text):
            assert client.get(name).status_code == 200, name
        for path in ("/desk/VENDORED.md", "/desk/uplot.LICENSE.txt", "/desk/..%2froutes.py", "/desk/nothing.js"):
            assert client.get(path).status_code == 404
    for path in OURS:
        source = path.read_text("utf-8")
        markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
        assert not re.search(markup, source), path
        kept = re.findall(r"(?:local|session)Storage\.\w+\((\w+)", source)
        assert set(kept) <= {"LANGUAGE"}, path  # nothing of anybody stays in the browser
        assert len(source.splitlines()) <= 400, path


async def test_every_sentence_is_there_in_both_languages_and_every_name_is_known() -> None:
    source = "".join((FOLDER / name).read_text("utf-8") for name in ("terms.js", "texts.js"))
    found = re.findall(r'^  "([\w.]+)": \[(.*?)\],$', source, re.M | re.S)
    names = [name for name, _ in found]
    assert len(names) == len(set(names)) > 300
    for name, said in found:
        chinese, english = re.findall(r'"((?:[^"\\]|\\.)*)"', said)
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(re.findall(r"\{\w+\}", english)), name
        assert name == "language.other" or not re.search("[\u4e00-\u9fff]", english), name
    for path in OURS:
        for name in re.findall(r'\bt\("([\w.]+)"', path.read_text("utf-8")):
            assert name in names, (path.name, name)
    for name in re.findall(r'data-say(?:-label)?="([\w.]+)"', (FOLDER / "index.html").read_text("utf-8")):
        assert name in names, name


async def test_the_vendored_library_is_what_its_list_says() -> None:
    listed = re.findall(r"`(uplot[\w.]+)` \|.*`([0-9a-f]{64})`", (FOLDER / "VENDORED.md").read_text("utf-8"))
    assert {name for name, _ in listed} == {path.name for path in FOLDER.glob("uplot*")}
    for name, digest in listed:
        assert sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
