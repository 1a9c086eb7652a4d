"""The digest of code: whatever computes changes it, and nothing else does."""

import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path

import pytest

from mner_core import code_version
from mner_core.catalog.systems import SYSTEMS
from mner_core.code_version import code_digest, code_files, program_said, program_version
from mner_core.models.registry import MODELS
from mner_core.training.versions import system_digest

FILES = {
    "prog/model.py": '"""What it is."""\nfrom prog.layers import gate\n\n'
    'def answer(x):\n    """Says."""\n    return gate.open(x) + 1\n',
    "prog/layers/gate.py": "import prog.model\n\ndef open(x):\n    from prog import late\n    return late.VALUE * x\n",
    "prog/late.py": "VALUE = 2\n",
    "prog/stranger.py": "VALUE = 3\n",
}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program of four files, of which three belong together."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(code_version, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    """As a new process would begin."""
    code_digest.cache_clear()
    code_version._read.cache_clear()


def digest() -> str:
    forget()
    return code_digest("prog.model")


def test_all_that_is_imported_counts_wherever_the_import_stands(program: Path) -> None:
    assert sorted(code_files("prog.model")) == ["prog.late", "prog.layers.gate", "prog.model"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("prog/model.py", "+ 1", "+ 2"),
        ("prog/model.py", "+ 1", "- 1"),
        ("prog/layers/gate.py", "late.VALUE * x", "x * late.VALUE"),
        ("prog/layers/gate.py", "late.VALUE * x", "late.VALUE * x * 0"),
        ("prog/late.py", "VALUE = 2", "VALUE = 2.0"),
        ("prog/late.py", "VALUE = 2", "VALUE = '2'"),
    ],
)
def test_what_computes_changes_the_digest(program: Path, file: str, old: str, new: str) -> None:
    before = digest()
    changed = FILES[file].replace(old, new)
    assert changed != FILES[file]
    (program / file).write_text(changed)
    assert digest() != before
    (program / file).write_text(FILES[file])
    assert digest() == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("prog/model.py", "What it is.", "What it was, said otherwise."),
        ("prog/model.py", '    """Says."""\n', ""),
        ("prog/model.py", "    return", "    # a remark\n\n    return"),
        ("prog/model.py", "gate.open(x) + 1", "(\n        gate.open(x)\n        + 1\n    )"),
        ("prog/late.py", "VALUE = 2\n", 'VALUE = 2\n"""What that is."""\n'),
        ("prog/stranger.py", "3", "4"),
    ],
)
def test_words_layout_and_strangers_do_not(program: Path, file: str, old: str, new: str) -> None:
    before = digest()
    changed = FILES[file].replace(old, new)
    assert changed != FILES[file]
    (program / file).write_text(changed)
    assert digest() == before


def test_a_module_from_a_file_of_ones_own_counts_with_what_lies_beside_it(
    program: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "helper.py").write_text("SCALE = 1\n")
    (folder / "own.py").write_text("import helper\n\ndef answer():\n    return helper.SCALE\n")
    monkeypatch.syspath_prepend(folder)
    spec = util.spec_from_file_location("own_system_for_this_test", folder / "own.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    before = code_digest(spec.name)
    for name, text in (("helper.py", "SCALE = 3\n"), ("own.py", "import helper\n\ndef answer():\n    return 0\n")):
        (folder / name).write_text(text)
        forget()
        assert code_digest(spec.name) != before
        before = code_digest(spec.name)


def test_a_module_that_is_nowhere_is_refused(program: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"prog\.nothing"):
        code_digest("prog.nothing")


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_a_systems_digest_holds_its_own_code_and_no_other_systems(name: str) -> None:
    own = {MODELS[name].__module__, SYSTEMS[name].settings.__module__}
    all_models = {each.__module__ for each in MODELS.values()} | {each.settings.__module__ for each in SYSTEMS.values()}
    files = code_files(*own, "mner_core.training.train", "mner_core.training.run")
    assert own <= set(files)
    needed = {"mner_core.batches.batcher", "mner_core.layers.crf", "mner_core.training.fit", "mner_core.features.store"}
    assert needed | {"mner_core.data.images", "mner_core.text.encoder", "mner_core.evaluation.scoring"} <= set(files)
    assert not (all_models - own) & set(files)
    assert len({system_digest(each) for each in SYSTEMS.values()}) == len(SYSTEMS)


def test_the_program_says_which_one_it_is() -> None:
    known = program_version()
    assert set(known) == {"version", "commit"}
    assert program_said()
    if known["commit"]:
        assert known["commit"].rstrip("+")[:12] in program_said()


def test_without_a_checkout_the_packages_version_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mner"\nversion = "4.5.6"\n')
    monkeypatch.setattr(code_version, "ROOT", tmp_path)
    program_version.cache_clear()
    try:
        assert program_version()["commit"] == ""
        assert program_said().startswith(("version ", "of unknown version"))
    finally:
        program_version.cache_clear()
