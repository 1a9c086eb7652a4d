"""A command as people call it, in a home of the test's own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mner_core.commands.cli import main

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def command_home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], command_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls a command: (status, the JSON of the last line, standard error)."""
    monkeypatch.setenv("MNER_HOME", str(command_home))

    def call(*arguments: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        try:
            status = main([*map(str, arguments), "--json"])
        except SystemExit as error:
            status = int(str(error.code))
        said = capsys.readouterr()
        lines = said.out.splitlines()
        return status, json.loads(lines[-1]) if lines and status == 0 else None, said.err

    return call
