"""CSV that spreadsheets open and do not run, and LaTeX that compiles: whatever stands in a name."""

import csv
import io
import re

import pytest

from mner_core.csv_text import csv_text
from mner_core.experiment.result_table import Line, Number, ResultTable
from tests.rooms import modules

RUN = [
    "-Span detection", "+Image region", '=HYPERLINK("http://evil")', "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1+1",
    "\ufeff=1", "\u200b@x", "\x00+a", "\u00a0=1", "\x0b-a",
    "=cmd|' /C calc'!A0", "-2+3", "--", "＝1", "＋1", "－1", "＠a", "+1 555 0100", "-1e5x",
]  # fmt: skip
HARMLESS = ["w/o Gate", "K=1", "a-b", "3 @ 4", "", "'quoted'", "-1", "+2.5", "-0,5", "1e-3", "-1.5E+10"]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("cell", RUN)
def test_what_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert read(csv_text([[cell, 1]])) == [["'" + cell, "1"]]


@pytest.mark.parametrize("cell", HARMLESS)
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert read(csv_text([[cell, "x"]])) == [[cell, "x"]]


def test_numbers_stay_numbers_and_none_is_empty() -> None:
    assert csv_text([["a", "b", "c"], [-1, -0.5, None], [1e300, -1e-300, 0]]) == "a,b,c\n-1,-0.5,\n1e+300,-1e-300,0\n"


def table(name: str) -> ResultTable:
    line = Line(name=name, source="ours", blocks={name: [Number(-1.25, 0.5)]})
    return ResultTable(title=name, columns={name: ("F1",)}, lines=[line], notes=[name])


@pytest.mark.parametrize("name", ["-Span detection", "+Image region", '=HYPERLINK("x")', "@x"])
def test_a_table_of_an_experiment_is_written_by_it(name: str) -> None:
    head, row = read(table(name).csv())
    assert row == [f"'{name}", "ours", "-1.25", "0.5"]
    assert head[2] == f"'{name}: F1"


def test_there_is_one_writer_of_csv() -> None:
    writers = {
        module
        for module, path in modules().items()
        if re.search(r"csv\.writer|DictWriter|to_csv\(", path.read_text(encoding="utf-8"))
    }
    assert writers == {"mner_core.csv_text"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a^b ~", r"a\textasciicircum{}b \textasciitilde{}"),
        ("100 % of #1 & $2", r"100 \% of \#1 \& \$2"),
        ("{x}_y", r"\{x\}\_y"),
        ("back\\slash", r"back\textbackslash{}slash"),
        ("[a] * b", r"{[}a{]} {*} b"),
        ("A → B ≥ 3 − 1", r"A $\to$ B $\geq$ 3 $-$ 1"),
        ("two\nlines", "two lines"),
        ("protocol `entity` on `a_b`", r"protocol \texttt{entity} on \texttt{a\_b}"),
        ("`scenes`", r"\texttt{scenes}"),
        ("a ` b", r"a \textasciigrave{} b"),
    ],
)
def test_latex_has_no_sign_that_it_takes_for_a_command(name: str, written: str) -> None:
    latex = table(name).latex()
    assert rf"{written} & ours & -1.25 $\pm$ 0.50 \\" in latex
    assert rf"\caption{{{written}. {written}}}" in latex
    assert rf"\multicolumn{{1}}{{c}}{{{written}}}" in latex
