"""The architecture, kept by reading the imports: rooms and floors, budgets, and what is light stays light.

`python -m tests.test_layout` writes the trees in README and CONTRIBUTING anew.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mner_core.catalog.systems import SYSTEMS
from mner_core.models.registry import MODELS
from tests.rooms import LIGHT_FILES, ROOMS, ROOT, arrows, imported, modules, room_of, tree

HEAVY = ("torch", "transformers", "faiss", "torchvision", "captum", "accelerate", "torchcrf")
SCREENS = {room.name for room in ROOMS if room.about.startswith("screen:")}
MAY_IMPORT = {
    "mner_core": {"mner_core"},
    "db": {"mner_core", "db"},
    "worker": {"mner_core", "db", "worker"},
    "pages": {"mner_core", "db", "pages"},
    "app": {"mner_core", "db", "pages"},
}
TREE = re.compile(r"(<!-- rooms: [^\n]*-->\n```\n)(.*?)(```\n<!-- /rooms -->)", re.S)
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md")

FILE_LINES, FUNCTION_LINES, ARGUMENTS = 250, 40, 8
LONG_FILES: dict[str, int] = {
    "mner_core.models.hamlearning": 255,
    "mner_core.weights.packages": 253,
}
LONG_FUNCTIONS: dict[str, int] = {
    "mner_core.features.extract.extract": 41,
    "mner_core.scenes.drawings.emblems._sign": 45,
    "mner_core.training.fit.fit": 52,
    "pages.components.span_annotator.span_annotator": 56,
}
MANY_ARGUMENTS: dict[str, int] = {
    "pages.components.span_annotator.span_annotator": 10,
}
"""What is over a budget, by name, and how far. These lists only get shorter: nothing is added, no number rises."""


@pytest.mark.parametrize("module", modules())
def test_a_file_imports_only_from_its_own_room_and_from_floors_strictly_below(module: str) -> None:
    mine = room_of(module)
    for other in sorted(imported(modules()[module]) & modules().keys()):
        theirs = room_of(other)
        assert theirs is mine or theirs.floor < mine.floor, (
            f"{module} (floor {mine.floor}) imports {other} (floor {theirs.floor})"
        )


def test_no_imports_run_in_a_circle() -> None:
    below: dict[str, set[str]] = {}
    for one, other in arrows():
        below.setdefault(one, set()).add(other)
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"a circle: {' -> '.join((*way[way.index(module) :], module))}"
        if module not in done:
            for other in sorted(below.get(module, ())):
                walk(other, (*way, module))
            done.add(module)

    for module in sorted(below):
        walk(module, ())


@pytest.mark.parametrize("module", modules())
def test_a_room_imports_only_what_it_may(module: str) -> None:
    house = module.split(".")[0]
    rooms = {name.split(".")[0] for name in imported(modules()[module])} & {*MAY_IMPORT}
    assert rooms <= MAY_IMPORT[house], f"{module} imports {rooms - MAY_IMPORT[house]}"
    if house in {"mner_core", "db", "worker"}:
        assert "streamlit" not in {name.split(".")[0] for name in imported(modules()[module])}, module


def test_no_screen_imports_a_screen() -> None:
    between = [
        f"{one} imports {other}"
        for one, other in arrows()
        if {room_of(one).name, room_of(other).name} <= SCREENS and room_of(one) is not room_of(other)
    ]
    assert not between, between


def test_the_table_names_no_room_that_is_gone() -> None:
    assert {room.name for room in ROOMS} == {room_of(module).name for module in modules()}


def loaded_by(names: list[str]) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after importing these modules."""
    code = (
        f"import sys, importlib\nfor name in {names!r}: importlib.import_module(name)\n"
        f"print(*[heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_light_part_loads_nothing_heavy() -> None:
    light = [module for module in modules() if room_of(module).light]
    assert loaded_by([*light, *LIGHT_FILES]) == set()
    assert loaded_by(["mner_core.layers.crf"]) >= {"torch"}, "the check itself must be able to fail"


def test_the_store_loads_nothing_heavy() -> None:
    assert (
        loaded_by([module for module in modules() if room_of(module).name == "db" and module != "db.__main__"]) == set()
    )


def test_init_files_are_empty() -> None:
    for room in ("mner_core", "db", "worker", "pages"):
        for path in (ROOT / room).rglob("__init__.py"):
            assert path.read_text() == "", f"{path.relative_to(ROOT)} is not empty"


def test_every_model_is_in_catalog_and_registry() -> None:
    files = {path.stem for path in (ROOT / "mner_core/models").glob("*.py")} - {"__init__", "base", "registry"}
    assert MODELS.keys() == SYSTEMS.keys()
    assert files == {each.__module__.rsplit(".", 1)[1] for each in MODELS.values()}


def test_nothing_loads_a_pickle() -> None:
    """No pickle module, no torch.load of anything but tensors, no numpy file that may hold objects."""
    for path in modules().values():
        text = path.read_text(encoding="utf-8")
        assert not imported(path) & {"pickle", "joblib", "dill", "shelve"}, path
        assert text.count("torch.load(") == text.count("weights_only=True)"), path
        assert "allow_pickle=True" not in text, path


def over_budget(found: dict[str, int], budget: int, named: dict[str, int], what: str) -> None:
    """The named exceptions are exactly those over the budget, none of them above its number."""
    over = {name: number for name, number in found.items() if number > budget}
    assert over.keys() <= named.keys(), f"{what} over {budget}: { {n: over[n] for n in over.keys() - named.keys()} }"
    assert named.keys() <= over.keys(), f"within the budget by now, strike: {named.keys() - over.keys()}"
    assert all(over[name] <= named[name] for name in over), {n: over[n] for n in over if over[n] > named[n]}


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for module, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{module}.{node.name}", node


def test_files_stay_short() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    over_budget(lengths, FILE_LINES, LONG_FILES, "files")


def test_functions_stay_short() -> None:
    """Lines of a function, its docstring counted."""
    lengths: dict[str, int] = {}
    for name, node in functions():
        lengths[name] = max(lengths.get(name, 0), (node.end_lineno or 0) - node.lineno + 1)
    over_budget(lengths, FUNCTION_LINES, LONG_FUNCTIONS, "functions")


def test_functions_take_few_arguments() -> None:
    numbers: dict[str, int] = {}
    for name, node in functions():
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        numbers[name] = max(numbers.get(name, 0), sum(each.arg not in {"self", "cls"} for each in given))
    over_budget(numbers, ARGUMENTS, MANY_ARGUMENTS, "arguments")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_show_these_rooms(document: Path) -> None:
    found = TREE.search(document.read_text(encoding="utf-8"))
    assert found is not None, f"{document.name} shows no rooms"
    assert found[2] == tree(), "run `python -m tests.test_layout`"


SUBJECTS_SINCE = "e2f1c39"
"""The last commit before subjects were held to their 72 characters."""


def test_subjects_of_commits_fit_into_72_characters() -> None:
    """A clone without history, or none at all, has no subjects to look at."""
    known = subprocess.run(["git", "cat-file", "-e", SUBJECTS_SINCE], cwd=ROOT, capture_output=True, check=False)
    if known.returncode:
        pytest.skip("the history does not reach back to the commit since which subjects are held to 72 characters")
    log = ["git", "log", "--no-merges", "--format=%h %s", f"{SUBJECTS_SINCE}..HEAD"]
    said = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert not [line for line in said if len(line.split(" ", 1)[1]) > 72]


if __name__ == "__main__":
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(TREE.sub(lambda found: found[1] + tree() + found[3], text), encoding="utf-8")
