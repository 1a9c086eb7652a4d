"""The command that makes tables as in the papers."""

import argparse
import sys
from typing import Any

from mner_core.code_version import program_version
from mner_core.commands.main import Answer
from mner_core.commands.progress_bars import Bars
from mner_core.experiment.suite import read_suite
from mner_core.home import Home


class IncompleteAnswer(dict[str, Any]):
    """An answer that lacks a part of what was asked for: it is printed, and the exit status is 1."""


def experiment(options: argparse.Namespace) -> Answer:
    """Runs what a suite still lacks and prints its table; it is incomplete where a row could not be trained."""
    read_suite(options.suite)  # a wrong name is answered before torch is imported
    from mner_core.experiment.runner import Order
    from mner_core.experiment.runner import experiment as run

    order = Order(
        suite=options.suite,
        quick=options.quick,
        data=options.data,
        out=options.out,
        profile=options.profile,
        epochs=options.epochs,
        seeds=options.seeds,
        posts=options.posts,
    )
    result = run(order, Home.from_environment(), Bars())
    files = [str(file) for file in result.files]
    answer: Answer = {"suite": result.suite.name, "paper": result.suite.paper}
    if options.json:
        answer |= {
            "title": result.grid.title,
            "quick": options.quick,
            "rows": result.grid.records(),
            "notes": list(result.grid.notes),
            "program": dict(program_version()),
            "files": files,
        }
    else:
        answer |= {"files": files, "table": "\n" + result.grid.markdown()}
    for sentence in result.grid.broken:
        sys.stderr.write(f"{sentence}\n")
    return IncompleteAnswer(answer) if result.grid.broken else answer
