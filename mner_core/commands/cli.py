"""The command line: `python -m mner_core COMMAND`. With --json the last line of standard output is one JSON object.

Exit status: 0 done, 2 bad input or usage (one sentence on standard error), 1 anything else.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mner_core.commands.arguments import Command, data_commands, label_commands, run_commands, score_commands
from mner_core.commands.experiment import IncompleteAnswer
from mner_core.commands.option_rules import settle
from mner_core.commands.sentence_parser import SentenceParser, until_the_reader_leaves
from mner_core.commands.text_forms import text_of
from mner_core.types import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status."""
    return until_the_reader_leaves(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    try:
        settle(options)
        answer = options.command(options)
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        if options.traceback:
            raise
        where = f" ({error.filename})" if error.filename else ""
        print(f"{error.strerror or error}{where}: nothing more could be done.", file=sys.stderr)  # noqa: T201
        return 1
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
    else:
        print(text_of(options.name, answer))  # noqa: T201
    return 1 if isinstance(answer, IncompleteAnswer) else 0


def parser() -> argparse.ArgumentParser:
    """Every command and what it takes."""
    called = "mner" if Path(sys.argv[0]).stem == "mner" else "python -m mner_core"
    about = "Multimodal named entity recognition: data, features, models."
    top = SentenceParser(prog=called, description=about)
    top.set_defaults(traceback=bool(os.environ.get("MNER_TRACEBACK")))
    added = top.add_subparsers(dest="name", required=True, metavar="COMMAND", parser_class=SentenceParser)

    def add(name: str, command: Command, about: str, *aliases: str) -> argparse.ArgumentParser:
        one = added.add_parser(name, help=about, description=about, aliases=aliases)
        one.set_defaults(command=command)
        one.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        return one

    for group in (data_commands, run_commands, score_commands, label_commands):
        group(add)
    return top
