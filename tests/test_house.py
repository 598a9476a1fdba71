"""The rules of the house, kept by machine."""

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("affect", "memory", "prompts", "companion", "api")
FILES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
# What each package may import of the others: the direction of DESIGN.
BELOW = {
    "affect": set(),
    "memory": set(),
    "prompts": {"affect", "memory"},
    "companion": {"affect", "memory", "prompts"},
    "api": {"affect", "memory", "prompts", "companion"},
}
HEAVY = ("torch", "funasr", "librosa", "chromadb", "transformers", "openai", "litestar", "xllamacpp")
WORDS = {
    "text",
    "transcript",
    "reply",
    "content",
    "prompt",
    "message",
    "messages",
    "words",
    "delta",
    "query",
    "user_text",
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def spoken_words(source: str) -> list[str]:
    """Names that hold a person's words and are handed to a logger or put into an error of ours."""

    def name(node: ast.AST) -> str | None:
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None

    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        owner = name(called.value) if isinstance(called, ast.Attribute) else None
        logs = owner in {"_log", "log", "logger", "logging"}
        raises = (name(called) or "").endswith("Error")
        if logs or raises:
            parts = [a for argument in node.args for a in ast.walk(argument)]
            found += [n for part in parts if (n := name(part)) in WORDS and n is not None]
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        others = {module.split(".")[0] for module in imports(path)} & set(PACKAGES) - {package}
        assert others <= BELOW[package], f"{path} imports {others - BELOW[package]}"


def test_one_file_knows_chroma_and_one_reads_the_environment() -> None:
    knows = [p.relative_to(ROOT).as_posix() for p in FILES if any(m.split(".")[0] == "chromadb" for m in imports(p))]
    assert knows == ["memory/index.py"]
    reads = [
        p for p in FILES if re.search(r"os\.getenv|os\.environ\.get|os\.environ\[[^\]]+\](?! =)", p.read_text("utf-8"))
    ]
    assert reads == []


def test_no_file_needs_another_room() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert [p for p in [*FILES, *tests] if len(p.read_text("utf-8").splitlines()) > 400] == []


def test_names_tell_what_is_inside() -> None:
    vague = {"utils", "helpers", "helper", "manager", "handler", "data", "info", "common", "core"}
    assert [p for p in FILES if p.stem in vague] == []
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_words_of_a_person_reach_a_log_or_an_error() -> None:
    planted = "_log.info('heard %s', transcript.text)\nraise StorageError(f'bad {reply}')"
    assert {"transcript", "text", "reply"} <= set(spoken_words(planted))
    assert [(p, words) for p in FILES if (words := spoken_words(p.read_text("utf-8")))] == []


def test_companion_imports_quickly_and_loads_nothing_heavy() -> None:
    light = "companion, companion.settings, companion.turn_taking"
    code = f"import {light}, sys; print([m for m in {HEAVY} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import companion"], check=True, cwd=ROOT, env=dict(os.environ))
        best = min(best, time.perf_counter() - started)
    assert best < 0.2


def test_public_things_say_what_they_are() -> None:
    bare = []
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
                and path.name not in ("protocol.py", "server_events.py")  # there the tag of an event says it
            ):
                bare.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert bare == []
