"""The site of the docs builds, and the field's own words lead to the code."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rooms import ROOT, modules

DOCS = sorted((ROOT / "docs").glob("*.md"))
FIELD = (
    "cross-validation",
    "label errors",
    "model cache",
    "restart",
    "counterfactual",
    "entity linking",
    "vector index",
    "change token",
    "CRF marginals",
    "pointing game",
    "calibration",
    "agreement",
    "job lease",
    "heartbeat",
    "bootstrap",
    "image ablation",
    "character offsets",
    "tokenizer windows",
)
"""What somebody who knows the field greps for."""


def names() -> set[str]:
    """File names, classes and functions of the program, letters and digits alone."""
    found = {path.name for room in ("mner_core", "db", "worker", "pages") for path in (ROOT / room).rglob("*.*")}
    for path in modules().values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
    return {re.sub(r"[^a-z0-9]", "", name.lower()) for name in found}


@pytest.mark.parametrize("word", FIELD)
def test_the_fields_word_is_the_name_of_a_file_class_or_function(word: str) -> None:
    wanted = re.sub(r"[^a-z0-9]", "", word.lower())
    assert any(wanted in name for name in names()), f"nothing is called {word!r}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in DOCS)])
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"`((?:mner_core|db|worker|pages|tests|benchmarks)/[\w/.]+)`", (ROOT / page).read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.slow
def test_the_site_builds_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", ".mkdocs.yml"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "MNER workbench" in home
    assert (tmp_path / "site/code/mner_core.layers/index.html").is_file()
