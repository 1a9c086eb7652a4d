"""The command that predicts: one post with its evidence, or a file of posts."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mner_core.commands.inputs import load_run, must_be_run
from mner_core.commands.main import Answer, say_cut, say_defects
from mner_core.data.dataset import read_dataset, write_posts
from mner_core.data.plain_text import is_plain_text, read_plain_text
from mner_core.files import write_whole
from mner_core.types import Example, InputError

if TYPE_CHECKING:
    from mner_core.training.run import Run


def predict(options: argparse.Namespace) -> Answer:
    """Predicts one post with its evidence, or a file of posts."""
    if (options.text is None) == (options.data is None) or (options.data is None) != (options.out is None):
        raise InputError("`predict` takes either --text (and perhaps --image), or --data with --out.")
    return _of_file(options) if options.text is None else _of_post(options)


def _of_post(options: argparse.Namespace) -> Answer:
    if options.image is not None and not options.image.is_file():
        raise InputError(f"There is no picture {options.image}.")
    must_be_run(options.run)
    from mner_core.training.train import prediction_record

    run = load_run(options.run)
    _must_be_read(run, options)
    example, prediction = run.predict(
        options.text, options.image, evidence=True, caption=options.caption, context=options.context
    )
    cut = run.contexts_cut([example])
    say_cut(cut)
    spans = [
        {key: value for key, value in span.items() if key != "words"}
        for span in prediction_record(example, prediction)["spans"]
    ]
    return {"spans": spans, "evidence": [each.to_json() for each in prediction.evidence], "contexts_cut": cut}


def _of_file(options: argparse.Namespace) -> Answer:
    posts = _posts(options.data)
    must_be_run(options.run)
    from mner_core.training.train import prediction_record

    run = load_run(options.run)
    predictions = run.predict_posts(posts)
    pairs = list(zip(posts, predictions, strict=True))
    if options.out.suffix.lower() == ".jsonl":
        records = [json.dumps(prediction_record(*pair), ensure_ascii=False) for pair in pairs]
        write_whole(options.out, "".join(f"{record}\n" for record in records))
    else:
        write_posts((example.with_spans(found.spans) for example, found in pairs), options.out)
    cut = run.contexts_cut(posts)
    say_cut(cut)
    number = sum(len(each.spans) for each in predictions)
    return {"posts": len(posts), "spans": number, "file": str(options.out), "contexts_cut": cut}


def _posts(file: Path) -> list[Example]:
    """The posts of a file or folder; of plain text each line is one."""
    if file.is_file() and is_plain_text(file):
        posts, defects = read_plain_text(file)
    else:
        data = read_dataset(file)
        posts, defects = data.posts, data.defects
    say_defects(defects)
    return posts


def _must_be_read(run: "Run", options: argparse.Namespace) -> None:
    for name in ("caption", "context"):
        if getattr(options, name) is not None and run.plan.settings.context == "none":
            raise InputError(
                f"--{name} changes nothing: the run {options.run.name} reads no text beside the post; leave it out."
            )
