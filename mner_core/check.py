"""What is wrong with a data set: defects that its reader skipped, and what is legal but rarely meant."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mner_core.data.compare import label_differences
from mner_core.data.dataset import Dataset, Defect, FilePlace, read_dataset
from mner_core.data.images import PICTURE_ENDINGS, open_image, opens
from mner_core.data.sidecars import relative
from mner_core.data.tag_schemes import mixed_posts
from mner_core.knowledge.graph_files import read_graph
from mner_core.tags import decode, split_tag
from mner_core.types import Example, InputError

OVERLONG = 5_000
"""A text with more characters is worth a look: encoders read it in many windows. CP-MNER's longest has 1,109."""

_REPEATED = 20  # so many pictures with one caption, and 1 in 50 of all, are placeholders rather than chance


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How many posts there are, what they hold, and every defect, in the order of files and lines.

    Args:
        posts: all posts; labelled: those that somebody has labelled, if only to say that no entity is there.
        types: entities by type, most frequent first.
        pictures_found: posts whose picture is there and opens.
        defects: what is wrong.
        left_out: files of the folder that nobody reads.
    """

    posts: int
    labelled: int
    types: dict[str, int]
    pictures_found: int
    defects: tuple[Defect, ...]
    left_out: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many defects there are of each kind, most frequent first."""
        return dict(Counter(defect.kind for defect in self.defects).most_common())

    def to_json(self) -> dict[str, Any]:
        """The fields by name, defects as `{"kind", "file", "line", "detail"}`, and `"counts": {kind: n}`."""
        return {
            "posts": self.posts,
            "labelled": self.labelled,
            "types": self.types,
            "pictures_found": self.pictures_found,
            "left_out": list(self.left_out),
            "defects": [defect.to_json() for defect in self.defects],
            "counts": self.counts,
        }


def check(folder: Path, against: Path | None = None) -> CheckReport:
    """Reads a data set, opens every picture of it, and says what is wrong; changes nothing.

    With `against`, another file of the same posts, every word whose label differs there is a `label-differs`.

    Raises:
        InputError: a path does not exist, or the folder has no split file.
    """
    return check_dataset(read_dataset(folder), against)


def check_dataset(dataset: Dataset, against: Path | None = None) -> CheckReport:
    """What `check` says, of a data set that has been read already; labels are called as they were renamed on reading.

    Raises:
        InputError: `against` does not exist.
    """
    defects = [*dataset.defects]
    for example in dataset.posts:
        defects += _of_words(example, dataset.places[example.id])
    for examples in dataset.splits.values():
        defects += mixed_posts([(example, dataset.places[example.id]) for example in examples])
    defects += _duplicate_texts(dataset)
    defects += _repeated_captions(dataset)
    broken = _broken_images(dataset)
    defects += [Defect("broken-image", relative(path, dataset.root), None, why) for path, why in broken.items()]
    defects += _knowledge(dataset)
    if against is not None:
        defects += label_differences(dataset, read_dataset(against, dataset.labels_map))
    types = Counter(span.label for example in dataset.posts for span in example.spans or ())
    return CheckReport(
        posts=len(dataset.posts),
        labelled=sum(example.spans is not None for example in dataset.posts),
        types=dict(types.most_common()),
        pictures_found=sum(example.image is not None and example.image not in broken for example in dataset.posts),
        defects=tuple(sorted(defects, key=lambda defect: (defect.file, defect.line or 0))),
        left_out=dataset.left_out,
    )


def _of_words(example: Example, place: FilePlace) -> Iterator[Defect]:
    if len(example.text) > OVERLONG:
        detail = f"The text has {len(example.text)} characters, more than {OVERLONG}."
        yield Defect("overlong-text", place.file, place.line, detail)
    for word, line in zip(example.words, place.words, strict=True):
        if word.isspace():
            yield Defect("blank-token", place.file, line, f"The word {word!r} is blank.")
        elif not word.isalnum() and all(unicodedata.category(char) in {"Cc", "Cf", "Mn", "Me"} for char in word):
            yield Defect("invisible-token", place.file, line, f"The word {word!r} shows nothing; encoders drop it.")
    tags = example.tags or ()
    for span in decode(tags):
        if split_tag(tags[span.start])[0] in {"I", "E"}:
            before = tags[span.start - 1] if span.start else "the post's beginning"
            detail = f"{tags[span.start]} of {example.words[span.start]!r} follows {before}: not all scorers count it."
            yield Defect("orphan-inside", place.file, place.words[span.start], detail)


def _duplicate_texts(dataset: Dataset) -> Iterator[Defect]:
    """One defect for each text that stands in two splits or more: models are trained on what they are tested on."""
    posts_of: dict[str, list[Example]] = defaultdict(list)
    for example in dataset.posts:
        posts_of[example.text].append(example)
    for text, posts in posts_of.items():
        if len({example.split for example in posts}) > 1:
            *before, last = (dataset.places[example.id] for example in posts)
            places = " and ".join(f"{place.file} line {place.line}" for place in before)
            yield Defect("duplicate-text", last.file, last.line, f"The text also stands in {places}: {text[:60]!r}.")


def _repeated_captions(dataset: Dataset) -> Iterator[Defect]:
    posts = [example for example in dataset.posts if example.caption]
    for caption, times in Counter(example.caption for example in posts).items():
        if times >= _REPEATED and 50 * times >= len(posts):
            place = dataset.places[next(example.id for example in posts if example.caption == caption)]
            detail = f"{times} posts from here on have the caption {caption!r}: are their pictures placeholders?"
            yield Defect("repeated-caption", place.file, place.line, detail)


def _broken_images(dataset: Dataset) -> dict[Path, str]:
    """The pictures that do not open, and why not."""
    named = {example.image for example in dataset.posts if example.image is not None}
    pictures = {path for path in dataset.pictures if path.suffix.lower() in PICTURE_ENDINGS}
    broken = {}
    for path in sorted(named | pictures):
        if opens(path):  # an import asks the same, and is answered from memory
            continue
        try:
            open_image(path)
        except InputError as error:
            broken[path] = str(error)
    return broken


def _knowledge(dataset: Dataset) -> Iterator[Defect]:
    """What is wrong with the knowledge graph that came with the posts, its pictures included."""
    if dataset.knowledge is None:
        return
    place = relative(dataset.knowledge, dataset.root)
    try:
        graph, defects = read_graph(dataset.knowledge)
    except InputError as error:
        yield Defect("bad-knowledge", place, None, str(error))
        return
    yield from (replace(defect, file=f"{place}/{defect.file}") for defect in defects)
    for image in graph.images:
        try:
            open_image(graph.picture(image))
        except InputError as error:
            yield Defect("broken-image", relative(graph.picture(image), dataset.root), None, str(error))
