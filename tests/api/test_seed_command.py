"""`companion seed`, as it is typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from api.commands.migrate import migrate
from api.commands.seed import seed
from companion.errors import ConfigurationError, InputError


def test_it_fills_a_migrated_database_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    runner = CliRunner()
    with pytest.raises(ConfigurationError, match="companion migrate"):
        runner.invoke(seed, ["--sessions", "4"], catch_exceptions=False)
    assert runner.invoke(migrate, []).exit_code == 0
    done = runner.invoke(seed, ["--sessions", "4", "--turns", "20", "--people", "2"], catch_exceptions=False)
    assert done.exit_code == 0 and done.stdout.startswith("2 people, 4 sessions, 20 turns in ")
    with pytest.raises(InputError, match="another --seed"):
        runner.invoke(seed, ["--sessions", "4"], catch_exceptions=False)
    again = runner.invoke(seed, ["--sessions", "4", "--seed", "9"], catch_exceptions=False)
    assert again.stdout.startswith("1 people, 4 sessions, 160 turns in ")
    with pytest.raises(InputError, match="at least one turn"):
        runner.invoke(seed, ["--sessions", "4", "--turns", "3", "--seed", "10"], catch_exceptions=False)
