"""Scores one file of posts against another: the same posts in the same order, in any format that is read."""

from pathlib import Path

from mner_core.data.compare import on_words_of
from mner_core.data.lines import Defect, FilePlace, Reading
from mner_core.data.posts import Ids, read_file
from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.protocols import must_be_known, score_posts
from mner_core.evaluation.scoring import Score
from mner_core.types import Example, InputError


def score_files(
    gold_file: Path, pred_file: Path, protocol: str = "entity", pieces: PieceCounts | None = None
) -> tuple[Score, list[Defect]]:
    """The score of the labels in `pred_file` against those in `gold_file`, and what was wrong in the two files.

    Both are read as the protocol reads gold: in `entity-strict` an orphan `I-` of the predictions is no entity either.
    `pieces` counts the word pieces of a post's words; the protocol `rgcn` alone needs it. The defects (a line without a
    tag, a tag of no scheme) did not stop the reading; such words count as O, in the legacy protocols as their code
    counts them.

    Raises:
        InputError: a file cannot be read, holds no posts or one without labels, or the two do not hold the same posts:
            the first line that differs is named.
    """
    must_be_known(protocol)
    gold, predicted, defects = read_both(gold_file, pred_file)
    return score_posts(gold, predicted, protocol, pieces), defects


def read_both(
    gold_file: Path, pred_file: Path, *, for_scores: bool = True
) -> tuple[list[Example], list[Example], list[Defect]]:
    """The posts of two files that hold the same ones in the same order, and what was wrong in the files.

    One text may be cut into other words. With `for_scores` all posts have labels, and those of `pred_file` are counted
    in the words of `gold_file`: what begins or ends inside one of them is compared by characters. Without it posts
    without labels are kept, and each file keeps its words.

    Raises:
        InputError: as `score_files`.
    """
    gold, predicted = _read(gold_file, for_scores), _read(pred_file, for_scores)
    _must_match(gold, predicted, gold_file.name, pred_file.name)
    ours, theirs = ([post for post, _ in reading.posts] for reading in (gold, predicted))
    if for_scores:
        theirs = [on_words_of(*pair) for pair in zip(ours, theirs, strict=True)]
    return ours, theirs, gold.defects + predicted.defects


def _read(file: Path, all_labelled: bool) -> Reading:
    reading = read_file(file, "", Ids())
    if not reading.posts:
        why = next((f" {defect.detail}" for defect in reading.defects), "")
        raise InputError(f"There are no posts in {file.name}.{why}")
    unlabelled = next((place for post, place in reading.posts if post.spans is None), None)
    if unlabelled is not None and all_labelled:
        raise InputError(f"The post at {file.name} line {unlabelled.line} has no labels; label it or leave it out.")
    return reading


def _must_match(gold: Reading, predicted: Reading, gold_name: str, pred_name: str) -> None:
    for (ours, here), (theirs, there) in zip(gold.posts, predicted.posts, strict=False):
        if ours.words != theirs.words and ours.text != theirs.text:
            raise InputError(
                f"The files must hold the same posts in the same order, but gold {gold_name} has "
                f"{_said(ours, here, theirs)} where predicted {pred_name} has {_said(theirs, there, ours)}."
            )
    number = len(gold.posts) - len(predicted.posts)
    if number:
        longer, name = (gold, f"gold {gold_name}") if number > 0 else (predicted, f"predicted {pred_name}")
        place = longer.posts[-abs(number)][1]
        raise InputError(
            f"The files must hold the same posts in the same order, but {name} has {abs(number)} more than the other, "
            f"from line {place.line} on."
        )


def _said(post: Example, place: FilePlace, other: Example) -> str:
    """The post's first word that the other does not have there, with its line."""
    pairs = zip(post.words, other.words, strict=False)
    first = next((word for word, (one, two) in enumerate(pairs) if one != two), min(len(post.words), len(other.words)))
    if first < len(post.words):
        return f"{post.words[first]!r} in line {place.words[first]}"
    return f"no further word after line {place.words[-1]}"
