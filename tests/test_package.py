"""The package: dependencies are stated once, imports are declared, a wheel has everything and works elsewhere."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rooms import ROOT, imported, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CALLED = {
    "PIL": "pillow",
    "torchcrf": "pytorch-crf",
    "skimage": "scikit-image",
    "faiss": "faiss-cpu",
    "sklearn": "scikit-learn",
}
"""What is imported by another name than it is installed by."""
UV = ("uv",) if shutil.which("uv") else (sys.executable, "-m", "uv")
"""What makes environments: the machine's own, or the one that `make setup` brings."""
OWN = {"mner_core", "db", "worker", "pages", "tests", "app", "benchmarks"}
IMPORTING = ("mner_core", "db", "worker", "pages", "tests", "benchmarks", "docs")
USED_OTHERWISE = {
    "honcho": "Procfile, which `make run` starts",
    "mypy": "Makefile",
    "ruff": "Makefile",
    "mkdocs-material": ".mkdocs.yml",
    "mkdocstrings-python": ".mkdocs.yml",
    "pytest-timeout": ".pytest.ini",
}
"""Declared packages that no Python file imports, and who uses them."""


def asked() -> dict[str, Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    found = [Requirement(line) for group in groups for line in group]
    return {canonicalize_name(each.name): each for each in found}


def pinned() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
    return {canonicalize_name(each.name): each for each in found}


def test_every_dependency_is_asked_for_once_and_pinned() -> None:
    assert pinned().keys() == asked().keys()
    for name, pin in pinned().items():
        (only,) = pin.specifier
        assert only.operator == "==", name
        assert asked()[name].specifier.contains(only.version), name


def third_party(names: set[str]) -> Iterator[str]:
    for name in {each.split(".")[0] for each in names} - OWN - set(sys.stdlib_module_names):
        yield canonicalize_name(CALLED.get(name, name))


@pytest.mark.parametrize("house", ["mner_core", "db", "worker", "pages", "app"])
def test_what_is_imported_is_declared(house: str) -> None:
    files = [path for module, path in modules().items() if module.split(".")[0] == house]
    wanted = {name for path in files for name in third_party(imported(path))}
    engine = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    app = {canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["app"]}
    assert wanted <= (engine if house == "mner_core" else engine | app)


@pytest.mark.parametrize("house", ["tests", "benchmarks", "docs"])
def test_what_the_checks_import_is_declared(house: str) -> None:
    wanted = {name for path in (ROOT / house).rglob("*.py") for name in third_party(imported(path))}
    assert wanted <= asked().keys()


def test_what_is_declared_is_used() -> None:
    files = [path for house in IMPORTING for path in (ROOT / house).rglob("*.py")] + [ROOT / "app.py"]
    used = {name for path in files for name in third_party(imported(path))}
    assert asked().keys() - used == USED_OTHERWISE.keys(), "declare it no more, or say who uses it"


def test_what_a_prediction_does_not_use_is_not_imported() -> None:
    unused = ("transformers", "spacy", "torchvision", "sklearn", "accelerate", "skimage", "streamlit")
    code = f"import sys, mner_core.training.run\nprint(*[name for name in {unused!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's wheel, built from this tree."""
    out = tmp_path_factory.mktemp("wheel")
    command = [*UV, "build", "--quiet", "--wheel", "--out-dir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (found,) = out.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_has_all_of_the_engine_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    kept = (ROOT / "mner_core").rglob("*")
    wanted = {path.relative_to(ROOT).as_posix() for path in kept if path.is_file() and "__pycache__" not in path.parts}
    assert names == wanted
    assert any(name.endswith("suites/mechanisms.toml") for name in names)


@pytest.mark.slow
def test_an_installed_mner_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own; the libraries are this one's, which a path file lends it."""
    home = tmp_path / "env"
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    python = home / "bin/python"
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python",
        str(python),
        str(wheel),
    ]
    subprocess.run(install, check=True)
    (site,) = (home / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def mner(*arguments: str) -> dict[str, object]:
        command = [str(home / "bin/mner"), *arguments, "--json"]
        environment = {"PATH": "/usr/bin:/bin", "MNER_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return answer

    assert "rgcn" in json.dumps(mner("models"))
    mner("scenes", "set", "--size", "40", "--seed", "1")
    trained = mner(
        "train", "--model", "bert-crf", "--data", "set", "--out", "run", "--profile", "tiny", "--epochs", "1"
    )
    assert trained["run"] == "run"
    scored = mner("score", "--gold", "set/test.jsonl", "--pred", "set/test.jsonl", "--protocol", "entity")
    assert scored["f1"] == 100
    where = subprocess.run(
        [str(python), "-c", "import mner_core.types; print(mner_core.types.__file__)"],
        cwd=elsewhere, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.search(r"env/lib/.*/mner_core/types.py", where.stdout), "the installed one, not this clone's"
