"""`python -m db COMMAND`: migrate, reindex, backup, restore, import, import-predictions, export, agreement, delete,
bring-back, rename, gc.

With --json the last line is one JSON object.
Exit status: 0 done, 2 bad input or usage, 1 anything else; then one sentence stands on standard error.
"""

import argparse
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.archive import unpacked
from db.backup import backup, restore
from db.connection import StoreError, store_url
from db.data_set_home import data_set_name
from db.engine import open_store
from db.gc_command import take_gc_command
from db.migrate import bring_up_to_date, prepare_folder
from db.tables import SCHEMA
from db.text_search import add_waiting_texts
from db.thing_commands import take_thing_commands
from db.uncounted import count_waiting
from mner_core.commands.sentence_parser import SentenceParser, pairs, until_the_reader_leaves
from mner_core.commands.text_output import as_text
from mner_core.data.division import read_shares
from mner_core.home import Home
from mner_core.types import InputError

if TYPE_CHECKING:
    from db.exchange import SplitBy

Command = Callable[[argparse.Namespace, Home], dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command on the home that MNER_HOME names and returns the exit status."""
    return until_the_reader_leaves(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    try:
        answer = options.command(options, Home.from_environment())
    except InputError as error:
        return _complain(str(error), 2)
    except StoreError as error:
        return _complain(str(error), 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(f"{error.strerror or error} ({error.filename}): nothing more could be done.", 1)
    except KeyboardInterrupt:
        return _complain("Stopped.", 1)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
    else:
        print(as_text(answer))  # noqa: T201
    return 0


def parser() -> argparse.ArgumentParser:
    """Every command and what it takes."""
    top = SentenceParser(
        prog="python -m db", description="The store: posts, their labels and all that is known of runs."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=SentenceParser)

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(command=command)
        one.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        return one

    add("migrate", _migrate, "Makes the store, or brings it up to date, and counts the mistakes that wait for it.")
    add("reindex", _reindex, "Makes the list of runs say what lies in the folder of runs.")
    copy = add("backup", _backup, "Copies the whole home into a new folder, while the program runs.")
    copy.add_argument("out", type=Path, metavar="OUT")
    back = add("restore", _restore, "Brings such a copy back, or a single store file; the program has to be stopped.")
    back.add_argument("source", type=Path, metavar="SOURCE")
    about = "Reads a data set's folder (or a zip of it) into the store; again, to bring in what is new."
    _take_import_options(add("import", _import, about))
    bring = add("import-predictions", _import_predictions, "Makes a run without weights of predictions made elsewhere.")
    bring.add_argument("file", type=Path, metavar="FILE", help="JSON lines, or a tag file of the same posts")
    bring.add_argument("--dataset", required=True, metavar="NAME")
    bring.add_argument("--name", required=True, metavar="RUN", help="what the run is called")
    bring.add_argument("--split", help="whose posts, where the rows do not say it")
    give = add("export", _export, "Writes a data set with a chosen gold, and the history of its labels.")
    give.add_argument("out", type=Path, metavar="OUT")
    give.add_argument("--dataset", required=True, metavar="NAME")
    give.add_argument("--gold", default="current", help="original, current (default) or a person's track")
    give.add_argument("--format", choices=["jsonl", "conll"], default="jsonl")
    agree = add("agreement", _agreement, "Says how far two labellings of a data set agree.")
    agree.add_argument("--dataset", required=True, metavar="NAME")
    agree.add_argument("--first", required=True, metavar="TRACK", help="original, current or a person's track")
    agree.add_argument("--second", required=True, metavar="TRACK")
    take_thing_commands(add)
    take_gc_command(add)
    return top


def _take_import_options(take: argparse.ArgumentParser) -> None:
    take.add_argument("data", type=Path, metavar="DIR|ARCHIVE")
    take.add_argument("--name", help="the data set's name; without it, the one that the folder gives")
    take.add_argument("--map", dest="labels", action="append", default=[], metavar="OTHER=MISC", help="renames a label")
    take.add_argument(
        "--split-by",
        metavar="80/10/10",
        help="divide posts of one split: train, valid, test; like posts together",
    )
    take.add_argument("--seed", type=int, help="with --split-by: decides who goes where (default 0)")


def _migrate(_options: argparse.Namespace, home: Home) -> dict[str, Any]:
    address = store_url(home)
    prepare_folder(address)
    before = bring_up_to_date(address)
    answer = {"store": address.get_backend_name(), "before": before, "version": SCHEMA}
    with closing(open_store(home)) as store:
        texts = add_waiting_texts(store, partial(_say_how_far, "making texts searchable"))
        counted = count_waiting(store, partial(_say_how_far, "counting the mistakes of runs"))
    return {**answer, **({"counted": counted} if counted else {}), **({"searchable": texts} if texts else {})}


def _say_how_far(what: str, done: int, total: int) -> None:
    print(f"\r{what}: {done:,} of {total:,} posts", end="", file=sys.stderr)  # noqa: T201
    if done >= total:
        print(file=sys.stderr)  # noqa: T201


def _reindex(_options: argparse.Namespace, home: Home) -> dict[str, Any]:
    from db.brought import read_again
    from db.runs import reindex

    with closing(open_store(home)) as store:
        found = asdict(reindex(store))
        return {**found, "problems": [*found["problems"], *read_again(store)]}


def _backup(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    copied = backup(home, options.out)
    return {**asdict(copied), "folder": str(copied.folder)}


def _restore(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    copied = restore(home, options.source)
    return {**asdict(copied), "folder": str(copied.folder)}


def _import(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    from db.exchange import import_folder
    from db.posts import dataset

    labels = pairs(options.labels, "--map", "two labels", "OTHER=MISC")
    split_by = _split_by(options)
    left_out: list[str] = []
    with closing(open_store(home)) as store:
        if zipfile.is_zipfile(options.data) or options.data.suffix.lower() == ".zip":
            with unpacked(options.data, home.root) as (folder, left_out):
                name = options.name or data_set_name(folder, options.data.name)
                report = import_folder(store, folder, name, labels, split_by)
        else:
            report = import_folder(store, options.data, options.name, labels, split_by)
        splits = dict(dataset(store, report.dataset).splits)
    read = report.read.to_json() if report.read else {}
    answer: dict[str, Any] = {
        "dataset": report.dataset,
        **{name: read[name] for name in ("posts", "labelled", "types", "pictures_found") if name in read},
        "splits": splits,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "left_out": [*left_out, *report.left_out],
        **({} if report.divided is None else {"divided": report.divided}),
    }
    if report.divided == 0:
        _say("--split-by divided no post: all have splits from an earlier import; the screen Data divides them anew.")
    counts = dict(Counter(defect.kind for defect in report.defects).most_common())
    if options.json:
        return {**answer, "counts": counts, "defects": [defect.to_json() for defect in report.defects]}
    return {**answer, "defects": counts}


def _import_predictions(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    from db.brought import import_predictions

    with closing(open_store(home)) as store:
        return import_predictions(store, options.file, options.dataset, options.name, options.split).to_json()


def _export(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    from db.exchange import export_folder

    with closing(open_store(home)) as store:
        return export_folder(store, options.out, options.dataset, options.gold, options.format)


def _agreement(options: argparse.Namespace, home: Home) -> dict[str, Any]:
    from db.agreement import agreement_of, beginnings

    sides = {"first": options.first, "second": options.second}
    with closing(open_store(home)) as store:
        found = agreement_of(store, options.dataset, options.first, options.second).to_json()
        return {**found, "began": {side: beginnings(store, options.dataset, track) for side, track in sides.items()}}


def _split_by(options: argparse.Namespace) -> "SplitBy | None":
    from db.exchange import SplitBy

    if options.split_by is None:
        if options.seed is not None:
            raise InputError("--seed goes with --split-by: nothing else here is decided by chance.")
        return None
    return SplitBy(shares=read_shares(options.split_by), seed=options.seed or 0)


def _complain(sentence: str, status: int) -> int:
    _say(sentence)
    return status


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
