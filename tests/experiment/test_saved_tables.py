"""A table is found again; one that was made from other posts does not take its place."""

import json
import os
from pathlib import Path

import pytest

from mner_core.experiment.result_table import Line, Number, ResultTable
from mner_core.experiment.saved_tables import earlier_tables, save_table, saved_table, table_file
from mner_core.types import InputError


def table(f1: float) -> ResultTable:
    line = Line(name="R-GCN", source="ours", blocks={"scenes": [Number(f1)]})
    return ResultTable(title="A table", columns={"scenes": ("F1",)}, lines=[line], notes=[])


def save(root: Path, f1: float, made_from: str, made: float, quick: bool = True) -> None:
    save_table(root, "ablation", quick, table(f1), made_from, {".md": f"# {f1}", ".svg": f"<svg>{f1}</svg>"})
    os.utime(table_file(root, "ablation", quick, ".json"), (made, made))


def kept(root: Path, quick: bool = True) -> list[tuple[str, float, float, str | None]]:
    newest = saved_table(root, "ablation", quick)
    assert newest is not None
    return [
        (each.made_from, each.grid.lines[0].blocks["scenes"][0].value, each.made, each.picture)
        for each in (newest, *earlier_tables(root, "ablation", quick))
    ]


def test_tables_from_other_posts_are_kept_with_their_pictures_and_times(tmp_path: Path) -> None:
    save(tmp_path, 1.0, "drawn posts", 100)
    assert kept(tmp_path) == [("drawn posts", 1.0, 100, "<svg>1.0</svg>")]
    save(tmp_path, 2.0, "Tweets (original labels)", 200)
    save(tmp_path, 3.0, "Tweets (corrected labels)", 300)
    assert [each[:3] for each in kept(tmp_path)] == [
        ("Tweets (corrected labels)", 3.0, 300),
        ("Tweets (original labels)", 2.0, 200),
        ("drawn posts", 1.0, 100),
    ]
    assert [each[3] for each in kept(tmp_path)] == ["<svg>3.0</svg>", "<svg>2.0</svg>", "<svg>1.0</svg>"]
    assert table_file(tmp_path, "ablation", True, ".md").read_text() == "# 3.0"


def test_one_from_the_same_posts_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    for f1, made_from, made in ((1.0, "a", 100), (2.0, "b", 200), (3.0, "a", 300), (4.0, "a", 400), (5.0, "b", 500)):
        save(tmp_path, f1, made_from, made)
    assert [each[:2] for each in kept(tmp_path)] == [("b", 5.0), ("a", 4.0)]
    save(tmp_path, 9.0, "a", 900, quick=False)
    assert [each[:2] for each in kept(tmp_path, quick=False)] == [("a", 9.0)]
    assert [each[:2] for each in kept(tmp_path)] == [("b", 5.0), ("a", 4.0)], "the forms do not mix"


def test_a_table_of_an_older_program_is_read_and_kept(tmp_path: Path) -> None:
    """It does not say from which posts it was made."""
    file = table_file(tmp_path, "ablation", True, ".json")
    file.parent.mkdir()
    file.write_text(json.dumps(table(1.0).to_json()))
    assert [each[:2] for each in kept(tmp_path)] == [("", 1.0)]
    save(tmp_path, 2.0, "drawn posts", 200)
    assert [each[:2] for each in kept(tmp_path)] == [("drawn posts", 2.0), ("", 1.0)]


@pytest.mark.parametrize("damaged", ["{", "[]", '{"title": 1}', "7"])
def test_what_cannot_be_read_is_passed_over(tmp_path: Path, damaged: str) -> None:
    save(tmp_path, 1.0, "a", 100)
    save(tmp_path, 2.0, "b", 200)
    (earlier,) = (tmp_path / "tables" / "earlier" / "ablation-quick").glob("*.json")
    earlier.write_text(damaged)
    assert [each[:2] for each in kept(tmp_path)] == [("b", 2.0)]
    table_file(tmp_path, "ablation", True, ".json").write_text(damaged)
    assert saved_table(tmp_path, "ablation", True) is None
    save(tmp_path, 3.0, "a", 300)
    assert [each[:2] for each in kept(tmp_path)] == [("a", 3.0)]


def test_a_table_that_cannot_be_kept_is_not_overwritten(tmp_path: Path) -> None:
    save(tmp_path, 1.0, "a", 100)
    (tmp_path / "tables" / "earlier").write_text("in the way")
    with pytest.raises(InputError, match=r"Cannot keep the table that ablation-quick\.json held"):
        save(tmp_path, 2.0, "b", 200)
    found = saved_table(tmp_path, "ablation", True)
    assert found is not None
    assert (found.made_from, found.picture) == ("a", "<svg>1.0</svg>")
