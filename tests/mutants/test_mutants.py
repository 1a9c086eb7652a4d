"""Mutants are drawn by the seed alone, judged in a copy, and counted so that none can hide."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests.mutants.draw import Mutant, draw
from tests.mutants.report import Report
from tests.mutants.rooms import ROOT, Checked, checked_rooms, equivalents
from tests.mutants.run import Copy, Outcome, RedTestsError, judge, room_outcomes, seconds_of_green_tests

CODE = '''"""Sums."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    width: int | None = 3


def total(numbers: list[int], more: int | None = None) -> int | None:
    done = 0
    assert len(numbers) < 99
    for number, _ in zip(numbers, numbers, strict=True):
        if number == 7 or number < 0:
            continue
        done = done + number
    return done if more is None else done * more
'''
TESTS = {
    "blind": "from house.sums import total\n\ndef test_it_runs() -> None:\n    total([1])\n",
    "seeing": "from house.sums import total\n\ndef test_it_adds() -> None:\n    assert total([1, 2, 7]) == 3\n",
    "red": "def test_no() -> None:\n    assert False\n",
}
ADDS = "        done = done + number"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of its own under git, with one module and three test files."""
    root = tmp_path / "tree"
    (root / "house").mkdir(parents=True)
    (root / "house/__init__.py").touch()
    (root / "house/sums.py").write_text(CODE)
    for name, text in TESTS.items():
        (root / f"test_{name}.py").write_text(text)
    (root / ".pytest.ini").write_text("[pytest]\npythonpath = .\nmarkers =\n    browser\n    slow\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def copy_of(tree: Path) -> Copy:
    folder = tree.parent / "copy"
    folder.mkdir()
    return Copy(tree, folder)


def changed(before: str, after: str) -> Mutant:
    return Mutant("sums", "house/sums.py", 1, before.strip(), after.strip(), CODE.replace(before, after))


def all_mutants(tree: Path, seed: int) -> list[Mutant]:
    return draw("sums", tree, ["house/sums.py"], 1000, seed)


def test_the_seed_and_the_code_decide_what_is_drawn(tree: Path) -> None:
    def drawn(seed: int) -> list[Mutant]:
        return draw("data", ROOT, ["mner_core/data/division.py", "mner_core/data/lines.py"], 12, seed)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert len({(mutant.file, mutant.line, mutant.after) for mutant in drawn(1)}) == 12


def test_every_mutant_is_python_and_changes_one_line(tree: Path) -> None:
    for mutant in [mutant for seed in range(5) for mutant in all_mutants(tree, seed)]:
        ast.parse(mutant.source)
        pairs = list(zip(CODE.splitlines(), mutant.source.splitlines(), strict=True))
        differ = [number for number, (before, after) in enumerate(pairs, 1) if before != after]
        assert differ == [mutant.line]
        assert pairs[mutant.line - 1] != (mutant.before, mutant.after)
        assert (mutant.before, mutant.after) == tuple(line.strip() for line in pairs[mutant.line - 1])


def test_places_are_drawn_once_and_types_decorators_and_assertions_never(tree: Path) -> None:
    mutants = all_mutants(tree, 1)
    lines = [mutant.before for mutant in mutants]
    assert lines.count("width: int | None = 3") == 1, "its default, not its type"
    assert not [line for line in lines if line.startswith(("@dataclass", "def ", "assert "))]
    assert lines.count("for number, _ in zip(numbers, numbers, strict=True):") == 1, "its loop"
    assert lines.count("done = done + number") == 1
    assert lines.count("if number == 7 or number < 0:") == 6, "the if, ==, 7, or, < and 0"


def test_what_is_compared_for_equality_is_not_put_into_an_order(tree: Path) -> None:
    changed_to = {mutant.after for seed in range(30) for mutant in all_mutants(tree, seed) if "== 7" in mutant.before}
    assert "if number != 7 or number < 0:" in changed_to
    assert not [line for line in changed_to if "<= 7" in line or ">= 7" in line or "is 7" in line]


@pytest.mark.slow
def test_tests_that_see_a_mutant_catch_it_and_blind_ones_let_it_live(tree: Path) -> None:
    copy = copy_of(tree)
    blind, seeing = (Checked("sums", ("house",), (f"test_{name}.py",)) for name in ("blind", "seeing"))
    minus, endless = changed(ADDS, ADDS.replace("+", "-")), changed(ADDS, "        while True:\n            pass")
    assert judge(copy, blind, minus, 60).said == "survived"
    caught = judge(copy, seeing, minus, 60)
    assert (caught.said, caught.by) == ("caught", "test_seeing.py::test_it_adds")
    assert judge(copy, blind, endless, 10).said == "caught (time)"
    assert (copy.folder / "house/sums.py").read_text() == CODE == (tree / "house/sums.py").read_text()


@pytest.mark.slow
def test_slow_tests_are_not_asked(tree: Path) -> None:
    slow = TESTS["seeing"].replace("def test", "import pytest\n\n@pytest.mark.slow\ndef test")
    quick = "\ndef test_two() -> None:\n    assert True\n"
    (tree / "test_seeing.py").write_text(slow + quick)
    outcome = judge(
        copy_of(tree), Checked("sums", ("house",), ("test_seeing.py",)), changed(ADDS, ADDS.replace("+", "-")), 60
    )
    assert outcome.said == "survived"


@pytest.mark.slow
def test_red_tests_catch_nothing(tree: Path) -> None:
    """What fails without a change would fail with every one, and be counted as caught."""
    with pytest.raises(RedTestsError, match="sums fail without a mutant"):
        room_outcomes(copy_of(tree), Checked("sums", ("house",), ("test_red.py",)), [], 0.0, print)


@pytest.mark.slow
def test_a_mutant_for_which_no_time_is_left_is_not_counted_as_caught(tree: Path) -> None:
    seeing = Checked("sums", ("house",), ("test_seeing.py",))
    [outcome] = room_outcomes(copy_of(tree), seeing, [changed(ADDS, ADDS.replace("+", "-"))], 0.0, lambda said: None)
    assert (outcome.said, outcome.caught) == ("not run", False)


def report_of(**numbers: int) -> Report:
    report = Report()
    for said, number in numbers.items():
        report.add([Outcome(changed(ADDS, ADDS), said.replace("_", " "))] * number)
    return report


@pytest.mark.parametrize(
    ("numbers", "holds"),
    [
        ({"caught": 85, "survived": 15}, True),
        ({"caught": 84, "survived": 16}, False),
        ({"caught": 85, "survived": 14, "not_run": 1}, True),
        ({"caught": 84, "survived": 0, "not_run": 16}, False),
        ({"caught": 95, "equivalent": 5}, True),
        ({"caught": 94, "equivalent": 6}, False),
        ({}, False),
    ],
)
def test_what_was_not_caught_counts_and_few_may_be_called_equivalent(numbers: dict[str, int], holds: bool) -> None:
    assert report_of(**numbers).holds() is holds


def test_the_table_names_survivors_and_shares() -> None:
    table = report_of(caught=3, survived=1).table()
    assert "75.0 % caught of 4" in table
    assert table.count("house/sums.py:1") == 1


def test_the_rooms_have_code_and_tests() -> None:
    for room in checked_rooms():
        assert room.files(ROOT), room
        assert all((ROOT / place).exists() for place in room.tests), room
    assert {room.name for room in checked_rooms()} == {
        *("data", "tags", "batches", "evaluation", "training", "label_errors", "retrieval", "worker", "db")
    }


def test_tests_that_import_the_changed_file_run_first_and_short_ones_before_long_ones() -> None:
    room = Checked("data", ("mner_core/data",), ("tests/data",))
    tests = room.tests_for(ROOT, "mner_core/data/tokenize.py", {})
    assert "tests/data/test_tokenize.py" in tests[:4]
    assert sorted(tests) == sorted(room.tests_for(ROOT, "mner_core/data/boxes.py", {}))
    turned = {test: float(len(tests) - place) for place, test in enumerate(tests)}
    ordered = room.tests_for(ROOT, "mner_core/data/tokenize.py", turned)
    assert sorted(ordered) == sorted(tests)
    assert ordered != tests
    near = ordered.index("tests/data/test_tokenize.py")
    assert ordered[near - 1 :: -1] == tests[tests.index("tests/data/test_tokenize.py") + 1 :][:near]


@pytest.mark.slow
def test_each_test_file_has_its_seconds(tree: Path) -> None:
    (tree / "test_seeing.py").write_text("import time\n\ndef test_it_waits() -> None:\n    time.sleep(0.3)\n")
    room = Checked("sums", ("house",), ("test_blind.py", "test_seeing.py"))
    seconds = seconds_of_green_tests(copy_of(tree), room)
    assert set(seconds) == {"test_seeing.py"}
    assert 0.3 <= seconds["test_seeing.py"] < 60


def test_a_mutant_called_equivalent_is_one_of_the_code_as_it_is() -> None:
    for each in equivalents():
        lines = [line.strip() for line in (ROOT / each.file).read_text(encoding="utf-8").splitlines()]
        assert each.before in lines, f"{each.file} has no such line any more: {each.before}"
        assert each.after != each.before
        assert each.why
