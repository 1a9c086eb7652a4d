"""The command that makes tables as in the papers."""

import argparse

from mner_core.commands.main import Answer, Bars
from mner_core.home import Home


def experiment(options: argparse.Namespace) -> Answer:
    """Runs what a suite still lacks and prints its table."""
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
    answer: Answer = {"suite": result.suite.name, "paper": result.suite.paper}
    if not options.json:
        return {**answer, "files": [str(file) for file in result.files], "table": "\n" + result.grid.markdown()}
    return {
        **answer,
        "title": result.grid.title,
        "quick": options.quick,
        "rows": result.grid.records(),
        "notes": list(result.grid.notes),
        "files": [str(file) for file in result.files],
    }
