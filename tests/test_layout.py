"""The architecture, kept by reading the imports: rooms and floors, and what is light stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mner_core.catalog.systems import SYSTEMS
from mner_core.models.registry import MODELS

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "faiss", "torchvision", "captum", "accelerate", "torchcrf")

FLOORS = [
    {"types"},
    {"tags", "home", "run"},
    {"data", "knowledge"},
    {"evaluation"},
    {"catalog"},
    {"features"},
    {"nearest"},
    {"retrieval"},
    {"sources"},
    {"batch"},
    {"neighbourhood", "lookup"},
    {"layers"},
    {"models"},
    {"explain"},
    {"training"},
    {"suspicious"},
    {"experiment"},
    {"commands"},
    {"labels", "measuring", "tables"},
    {"cli", "__main__"},
]
LIGHT = {
    "types", "tags", "home", "run", "explain.reduce", "features.image", "features.profiles",
    "experiment.grid", "experiment.kept", "experiment.quoted", "experiment.suite",
}  # fmt: skip
LIGHT_FOLDERS = {"data", "evaluation", "knowledge", "catalog"}
MAY_IMPORT = {"db": {"mner_core", "db"}, "pages": {"mner_core", "db", "pages"}, "app": {"db", "pages", "mner_core"}}


def modules(room: str) -> list[Path]:
    return sorted(path for path in (ROOT / room).rglob("*.py") if "versions" not in path.parts)


def imported(path: Path, at_import: bool = False) -> set[str]:
    """Every module the file names in an import; with `at_import` only those that run when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes: list[ast.AST] = list(ast.walk(tree))
    if at_import:
        inside = {id(child) for node in nodes if isinstance(node, ast.FunctionDef) for child in ast.walk(node)}
        typing_only = {
            id(child)
            for node in nodes
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for child in ast.walk(node)
        }
        nodes = [node for node in nodes if id(node) not in inside | typing_only]
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def floor(name: str) -> int:
    part = name.split(".")[1]
    found = [number for number, parts in enumerate(FLOORS) if part in parts]
    assert found, f"mner_core.{part} stands on no floor: add it to FLOORS"
    return found[0]


@pytest.mark.parametrize("path", modules("mner_core"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_imports_only_from_its_floor_and_below(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if name == "mner_core.__init__":
        return
    names = imported(path, at_import=True)
    for other in (each for each in names if each.startswith("mner_core.")):
        assert floor(other) <= floor(name), f"{name} imports {other} from a floor above"
    assert not {each.split(".")[0] for each in names} & {"db", "worker", "pages", "streamlit"}, (
        "the engine knows no room"
    )


@pytest.mark.parametrize("room", ["db", "pages"])
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for path in [*modules(room), *([ROOT / "app.py"] if room == "pages" and (ROOT / "app.py").exists() else [])]:
        rooms = {name.split(".")[0] for name in imported(path)} & {"mner_core", "db", "pages", "worker", "app"}
        assert rooms <= MAY_IMPORT[room], f"{path.relative_to(ROOT)} imports {rooms - MAY_IMPORT[room]}"


def light_modules() -> list[str]:
    names = [f"mner_core.{name}" for name in sorted(LIGHT)]
    for folder in sorted(LIGHT_FOLDERS):
        names += [
            ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for path in modules(f"mner_core/{folder}")
            if path.stem != "__init__"
        ]
    return names


def loaded_by(names: list[str]) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after importing these modules."""
    code = (
        f"import sys, importlib\nfor name in {names!r}: importlib.import_module(name)\n"
        f"print(*[heavy for heavy in {HEAVY!r} if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_light_part_loads_nothing_heavy() -> None:
    assert loaded_by([*light_modules(), "mner_core.commands.cli"]) == set()
    assert loaded_by(["mner_core.layers.crf"]) >= {"torch"}, "the check itself must be able to fail"


def test_the_store_loads_nothing_heavy() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in modules("db")
        if path.stem not in {"__init__", "__main__", "env"}
    ]
    assert loaded_by(names) == set()


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
    for room in ("mner_core", "db", "worker", "pages"):
        for path in modules(room):
            text = path.read_text(encoding="utf-8")
            assert not imported(path) & {"pickle", "joblib", "dill", "shelve"}, path
            assert text.count("torch.load(") == text.count("weights_only=True)"), path
            assert "allow_pickle=True" not in text, path
