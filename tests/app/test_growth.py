"""What `benchmarks.growth` prints: figures over an empty page beside their limits, and which of them miss one."""

import pytest

from benchmarks.growth import table
from benchmarks.screen_times import Times

ROWS = {
    "Errors, rerun": ["rerun", 150.0, 390.0],
    "Data, first load": ["load", 1001.0, 1400.0],
    "Annotate, save and next": ["save", 150.0, 200.5],
    "Web process": ["memory", 351.0],
    "db export": ["command", 12.34],
}


def test_a_cell_that_misses_its_median_or_its_95th_percentile_is_marked() -> None:
    lines = table({"400": ROWS})
    assert lines[2:] == [
        "| Errors, rerun | 150 / 390 | 200 / 400 |",
        "| Data, first load | 1001 / 1400 * | 1000 / 1500 |",
        "| Annotate, save and next | 150 / 200 * | 150 / 200 |",
        "| Web process | 351 MB * | 350 MB |",
        "| db export | 12.3 s |  |",
    ]


def test_a_store_in_which_a_row_was_not_measured_has_an_empty_cell_there() -> None:
    lines = table({"400": {"Errors, rerun": ["rerun", 1.0, 2.0]}, "4000": ROWS})
    assert lines[0] == "| | 400 | 4000 | limit |"
    assert lines[2] == "| Errors, rerun | 1 / 2 | 150 / 390 | 200 / 400 |"
    assert lines[3] == "| Data, first load |  | 1001 / 1400 * | 1000 / 1500 |"


@pytest.mark.parametrize(
    ("seconds", "empty", "over"),
    [([0.3] * 20, [0.1] * 20, (0.2, 0.2)), ([0.2] * 18 + [1.0, 1.0], [0.1] * 19 + [0.1], (0.1, 0.9))],
)
def test_what_is_over_an_empty_page_is_the_like_less_the_like(
    seconds: list[float], empty: list[float], over: tuple[float, float]
) -> None:
    assert Times(seconds, empty).over() == pytest.approx(over)
