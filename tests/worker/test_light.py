"""The supervisor loads no torch; the room keeps to its doors."""

from pathlib import Path

from tests.rooms import imported, modules
from tests.test_layout import loaded_by


def files_of(house: str) -> list[Path]:
    return [path for module, path in modules().items() if module.split(".")[0] == house]


def test_the_supervisor_loads_nothing_heavy() -> None:
    assert loaded_by(["worker.__main__", "worker.supervisor", "worker.child", "worker.first_start"]) == set()
    assert loaded_by(["worker.serving"]) >= {"torch"}, "the check itself must be able to fail"


def test_nobody_below_imports_the_worker() -> None:
    for room in ("mner_core", "db", "pages"):
        for path in files_of(room):
            assert "worker" not in {name.split(".")[0] for name in imported(path)}, path


def test_the_worker_knows_no_screen() -> None:
    for path in files_of("worker"):
        assert not {name.split(".")[0] for name in imported(path)} & {"pages", "streamlit"}, path
