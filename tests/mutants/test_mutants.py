"""Mutants are drawn by the seed alone, judged in a copy, and counted so that none can hide."""

import ast
import subprocess
import time
from pathlib import Path

import pytest

from tests.mutants.draw import Mutant, draw
from tests.mutants.reach import Reach, statement_lines
from tests.mutants.report import Report
from tests.mutants.rooms import ROOT, Checked, checked_rooms, equivalents
from tests.mutants.run import Copy, Judge, Outcome, RedTestsError, reach_of_green_tests
from tests.rooms import imported

CODE = '''"""Sums."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    width: int | None = 3


def total(numbers: list[int], *, more: int | None = None) -> int | None:
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
    number = CODE[: CODE.index(before)].count("\n") + 1
    return Mutant("sums", "house/sums.py", number, before.strip(), after.strip(), CODE.replace(before, after))


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
    assert not [line for line in lines if line.startswith(("@dataclass", "def ", "assert "))], (
        "nor how to pass arguments"
    )
    assert lines.count("for number, _ in zip(numbers, numbers, strict=True):") == 1, "its loop"
    assert lines.count("done = done + number") == 1
    assert lines.count("if number == 7 or number < 0:") == 6, "the if, ==, 7, or, < and 0"


def test_what_is_compared_for_equality_is_not_put_into_an_order(tree: Path) -> None:
    changed_to = {mutant.after for seed in range(30) for mutant in all_mutants(tree, seed) if "== 7" in mutant.before}
    assert "if number != 7 or number < 0:" in changed_to
    assert not [line for line in changed_to if "<= 7" in line or ">= 7" in line or "is 7" in line]


def judge_of(copy: Copy, *tests: str, left: float = 600.0) -> Judge:
    room = Checked("sums", ("house",), tests)
    return Judge(room, reach_of_green_tests(copy, room), time.monotonic() + left)


@pytest.mark.parametrize(
    ("caught", "names"),
    [
        ("OSError", 1),
        ("socket.timeout", 0),
        ("a.b.Wrong", 0),
        ("(OSError, socket.timeout)", 1),
        ("(a.b.Wrong, KeyError, socket.timeout, OSError)", 2),
        ("(a.b.Wrong, socket.timeout)", 0),
    ],
)
def test_of_what_is_caught_each_plain_name_is_changed(tmp_path: Path, caught: str, names: int) -> None:
    """cosmic-ray fails at a dotted name in a tuple, and would glue together one that stands alone."""
    (tmp_path / "code.py").write_text(f"try:\n    work()\nexcept {caught}:\n    pass\n")
    drawn = draw("room", tmp_path, ["code.py"], 99, 1)
    assert len([mutant for mutant in drawn if mutant.line == 3]) == names
    assert all("CosmicRayTestingException" in mutant.after for mutant in drawn if mutant.line == 3)


@pytest.mark.slow
def test_tests_that_see_a_mutant_catch_it_and_blind_ones_let_it_live(tree: Path) -> None:
    copy = copy_of(tree)
    minus = changed(ADDS, ADDS.replace("+", "-"))
    assert judge_of(copy, "test_blind.py").by_near(copy, minus).said == "survived"
    caught = judge_of(copy, "test_blind.py", "test_seeing.py").by_near(copy, minus)
    assert (caught.said, caught.by) == ("caught", "test_seeing.py::test_it_adds")
    assert (copy.folder / "house/sums.py").read_text() == CODE == (tree / "house/sums.py").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("for_ever", ["while True:\n            pass", "import time; time.sleep(99)"])
def test_tests_that_do_not_end_have_caught(tree: Path, monkeypatch: pytest.MonkeyPatch, for_ever: str) -> None:
    """Each test has its own time, so that a mutant that never ends costs little."""
    monkeypatch.setattr("tests.mutants.run.SHORTEST", 5.0)
    copy = copy_of(tree)
    outcome = judge_of(copy, "test_blind.py").by_near(copy, changed(ADDS, f"        {for_ever}"))
    assert (outcome.said, outcome.caught, outcome.by) == ("caught (time)", True, "test_blind.py::test_it_runs")


@pytest.mark.slow
def test_what_only_a_process_of_its_own_runs_is_asked_after_the_others(tree: Path) -> None:
    (tree / "test_other.py").write_text(
        "import subprocess, sys\n\ndef test_adds() -> None:\n"
        "    code = 'from house.sums import total; assert total([1, 2]) == 3'\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n"
    )
    copy = copy_of(tree)
    judge = judge_of(copy, "test_blind.py", "test_other.py")
    near = judge.by_near(copy, changed(ADDS, ADDS.replace("+", "-")))
    assert near.said == "survived"
    others = judge.by_others(copy, near)
    assert (others.said, others.by) == ("caught", "test_other.py::test_adds")


@pytest.mark.slow
def test_slow_tests_are_not_asked(tree: Path) -> None:
    slow = TESTS["seeing"].replace("def test", "import pytest\n\n@pytest.mark.slow\ndef test")
    quick = "\ndef test_two() -> None:\n    assert True\n"
    (tree / "test_seeing.py").write_text(slow + quick)
    copy = copy_of(tree)
    judge = judge_of(copy, "test_seeing.py")
    near = judge.by_near(copy, changed(ADDS, ADDS.replace("+", "-")))
    assert judge.by_others(copy, near).said == "survived"


@pytest.mark.slow
def test_red_tests_catch_nothing(tree: Path) -> None:
    """What fails without a change would fail with every one, and be counted as caught."""
    with pytest.raises(RedTestsError, match="sums fail without a mutant"):
        judge_of(copy_of(tree), "test_red.py")


@pytest.mark.slow
def test_a_mutant_for_which_no_time_is_left_is_not_counted_as_caught(tree: Path) -> None:
    copy, minus = copy_of(tree), changed(ADDS, ADDS.replace("+", "-"))
    late = judge_of(copy, "test_seeing.py", left=-600.0)
    outcome = late.by_near(copy, minus)
    assert (outcome.said, outcome.caught) == ("not run", False)
    survivor = late.by_others(copy, Outcome(minus, "survived"))
    assert (survivor.said, survivor.caught) == ("survived", False)
    assert "only the tests that run the line were asked" in survivor.by


@pytest.mark.slow
def test_each_test_has_its_seconds_and_its_lines(tree: Path) -> None:
    waits = "import time\nfrom house import sums\n\ndef test_it_waits() -> None:\n    time.sleep(0.3)\n"
    (tree / "test_waits.py").write_text(waits)
    room = Checked("sums", ("house",), ("test_blind.py", "test_waits.py"))
    reach = reach_of_green_tests(copy_of(tree), room)
    assert set(reach.seconds) == {"test_blind.py::test_it_runs", "test_waits.py::test_it_waits"}
    assert 0.3 <= reach.seconds["test_waits.py::test_it_waits"] < 60
    number = CODE.splitlines().index(ADDS) + 1
    assert reach.near("house/sums.py", CODE, number) == ["test_blind.py::test_it_runs"]


@pytest.mark.slow
def test_what_a_shared_fixture_runs_is_run_by_all_that_use_it(tree: Path) -> None:
    """The first test alone would be said to run the line, and may ask for nothing of it."""
    (tree / "test_shared.py").write_text(
        "import pytest\nfrom house.sums import total\n\n"
        "@pytest.fixture(scope='module')\ndef three() -> int:\n    return total([1, 2])\n\n"
        "def test_first(three: int) -> None:\n    pass\n\n"
        "def test_second(three: int) -> None:\n    assert three == 3\n\n"
        "def test_third() -> None:\n    pass\n"
    )
    copy = copy_of(tree)
    judge = judge_of(copy, "test_shared.py")
    number = CODE.splitlines().index(ADDS) + 1
    near = judge.reach.near("house/sums.py", CODE, number)
    assert {*near} == {"test_shared.py::test_first", "test_shared.py::test_second"}
    outcome = judge.by_near(copy, changed(ADDS, ADDS.replace("+", "-")))
    assert outcome.by == "test_shared.py::test_second"


SHAPES = """LIMIT = 3

def asked(number=2,
          more=1):
    total = (number +
             more)
    if (total > 1
            and more):
        total += 1
    return total
"""


@pytest.mark.parametrize(
    ("line", "lines"),
    [(1, [1]), (3, [5, 6, 7, 8, 9, 10]), (4, [5, 6, 7, 8, 9, 10]), (6, [5, 6]), (8, [7, 8]), (9, [9])],
)
def test_a_line_is_run_with_its_statement_and_a_default_with_its_function(line: int, lines: list[int]) -> None:
    assert [*statement_lines(SHAPES, line)] == lines


def test_tests_that_run_the_line_come_first_the_shortest_before_the_longest() -> None:
    seconds = {"a.py::slow": 3.0, "a.py::quick": 0.1, "b.py::other": 0.2}
    reach = Reach(seconds, {"code.py": {5: ["a.py::slow", "a.py::quick"], 10: ["b.py::other"]}})
    assert reach.near("code.py", SHAPES, 6) == ["a.py::quick", "a.py::slow"]
    assert reach.near("code.py", SHAPES, 10) == ["b.py::other"]
    assert reach.near("code.py", SHAPES, 3) == ["a.py::quick", "b.py::other", "a.py::slow"]
    assert reach.near("code.py", SHAPES, 1) == ["a.py::quick", "b.py::other", "a.py::slow"], "run at import alone"
    assert reach.near("unknown.py", SHAPES, 1) == []
    assert reach.seconds_by_file() == {"a.py": 3.1, "b.py": 0.2}


def report_of(**numbers: int) -> Report:
    said = [said.replace("_", " ") for said, number in numbers.items() for _ in range(number)]
    return Report([Outcome(changed(ADDS, ADDS), each) for each in said])


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
    assert table.count("house/sums.py:17") == 1


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
    importing = [test for test in tests if "mner_core.data.tokenize" in imported(ROOT / test)]
    assert tests[: len(importing)] == importing
    assert "tests/data/test_tokenize.py" in importing
    assert len(importing) < len(tests)
    assert sorted(tests) == sorted(room.tests_for(ROOT, "mner_core/data/boxes.py", {}))
    turned = {test: float(len(tests) - place) for place, test in enumerate(tests)}
    ordered = room.tests_for(ROOT, "mner_core/data/tokenize.py", turned)
    assert sorted(ordered) == sorted(tests)
    assert ordered != tests
    near = ordered.index("tests/data/test_tokenize.py")
    assert ordered[near - 1 :: -1] == tests[tests.index("tests/data/test_tokenize.py") + 1 :][:near]


def test_a_mutant_called_equivalent_is_one_of_the_code_as_it_is() -> None:
    for each in equivalents():
        lines = [line.strip() for line in (ROOT / each.file).read_text(encoding="utf-8").splitlines()]
        assert each.before in lines, f"{each.file} has no such line any more: {each.before}"
        assert each.after != each.before
        assert each.why
