"""The command line as a user types it."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import companion
from api.commands.doctor import examine
from companion.settings import Database, Models, Settings


def run(*arguments: str) -> str:
    result = CliRunner().invoke(companion, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_error_of_ours_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_bytes(b"not a sound")
    command = [sys.executable, "-m", "api.cli", "affect", str(tmp_path / "letter.wav")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and "convert it" in done.stderr and "Traceback" not in done.stderr


def test_a_token_is_made_with_this_servers_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.auth import signing_secret, verify

    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    token = run("token", "--user", "xiaoyu").strip()
    import time

    assert verify(signing_secret(Settings()), token, time.time()).user_id == "xiaoyu"


def test_doctor_names_what_is_missing_and_the_command_that_mends_it(tmp_path: Path) -> None:
    def version_of(package: str) -> str:
        if package == "funasr":
            raise PackageNotFoundError(package)
        return "1.0"

    settings = Settings(
        data_dir=tmp_path,
        models=Models(cache=tmp_path),
        database=Database(url=f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"),
    )
    mends = {f.what: f.mend for f in examine(settings, version_of)}
    assert mends["funasr"] == "pip install -c constraints.txt funasr"
    assert mends["torchaudio"] == "pip uninstall -y torchaudio"
    assert mends["pack whisper-base"] == "companion models fetch whisper-base"
    assert mends["database"] == "companion migrate" and mends["torch"] is None


def test_models_list_and_verify_tell_what_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_MODELS__CACHE", str(tmp_path))
    assert run("models", "list").count("not here") == 4
    result = CliRunner().invoke(companion, ["models", "verify"])
    assert result.exit_code == 1 and "companion models fetch qwen2.5-1.5b" in result.output
