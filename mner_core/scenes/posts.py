"""What the posts say and which pictures they ask for, knob by knob; nothing is drawn here.

Where the text leaves types open, posts come as quadruples: the same text four times in one split, each name read once
as each type (or, beside the knob `pattern`, as four types drawn by chance). Every knob has sources of chance of its
own, so that none changes what another one makes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from random import Random

from mner_core.scenes import stories, words
from mner_core.scenes.fill import Draft, Writer
from mner_core.scenes.knobs import PER_TOPIC, SIBLINGS, Knobs, rest_sizes, split_sizes
from mner_core.scenes.sketch import COLOURS, LABELS, Emblem, Sketch, Topic
from mner_core.scenes.topics import topics_by_split


@dataclass(frozen=True)
class _Desk:
    """What a knob has at hand to make its next post or quadruple of a split.

    `names` and `decoys` are the words to take; `topics` are four, one for each of `LABELS`, where the knob needs them.
    `types` says as what the names of a quadruple are read.
    """

    writer: Writer
    rng: Random
    place: int
    names: Sequence[str]
    decoys: Sequence[str]
    topics: Sequence[Topic]
    types: "_Types"
    seed: int


class _Types:
    """The types of a quadruple: each once, or four by chance, from a source of its own that leaves all others alone."""

    def __init__(self, pattern: float, source: str) -> None:
        self._rng = Random(source)
        self._is_pattern = pattern >= 1 or self._rng.random() < pattern

    def of_one_name(self) -> Sequence[str]:
        """Four types, of the quadruple's four posts."""
        return LABELS if self._is_pattern else self._rng.choices(LABELS, k=4)

    def of_two(self, rng: Random) -> Sequence[tuple[str, str]]:
        """Four pairs of types: two pairs in both orders, so that every type comes first once; or any by chance."""
        one, two, three, four = rng.sample(LABELS, 4)
        if self._is_pattern:
            return [(one, two), (two, one), (three, four), (four, three)]
        return [(one, two) for one, two in (self._rng.sample(LABELS, 2) for _ in range(4))]


def draft_posts(size: int, seed: int, knobs: Knobs) -> dict[str, list[Draft]]:
    """The posts of each split in the order of the file; no text occurs in two splits, and only quadruples share one.

    Raises:
        InputError: the knobs' posts do not fit into that size.
    """
    sizes, rest = split_sizes(size), rest_sizes(size, knobs)
    names, decoys = _by_split(words.NAMES, seed), _by_split(stories.DECOYS, seed)
    groups = topics_by_split({split: knobs.topic_groups(split, posts) for split, posts in sizes.items()}, seed)
    posts: dict[str, list[Draft]] = {split: [] for split in sizes}
    for knob, make in _MAKERS.items():
        writer = _writer(knob, seed)
        for split in sizes:
            rng = Random(f"{knob} in {split} of scenes {seed}")
            wanted = len(posts[split]) + knobs.counts(sizes[split])[knob]
            for place in count():
                if len(posts[split]) >= wanted:
                    break
                # Outside train every other quadruple takes a word that train does not have.
                known = "train" if place % 2 else split
                topics = groups[split][place // PER_TOPIC[split]] if knob in ("absent", "blurred") else ()
                types = _Types(knobs.pattern, f"types of {knob} {place} in {split} of scenes {seed}")
                desk = _Desk(writer, rng, place, names[known], decoys[known], topics, types, seed)
                posts[split] += make(desk)
    writer, rng = _writer("rest", seed), Random(f"rest of scenes {seed}")
    posts["train"] += chain.from_iterable(_siblings(writer, group) for group in chain(*groups.values()))
    for split, wanted in rest.items():
        posts[split] += [_other(writer, rng, names[split]) for _ in range(wanted)]
        posts[split] = Random(f"order of {split} of scenes {seed}").sample(posts[split], len(posts[split]))
    return posts


def _by_split(values: Sequence[str], seed: int) -> dict[str, list[str]]:
    """A sixth of the words is kept for valid and another for test."""
    shuffled = Random(f"words of scenes {seed}").sample(values, len(values))
    sixth = len(shuffled) // 6
    return {"train": shuffled[2 * sixth :], "valid": shuffled[:sixth], "test": shuffled[sixth : 2 * sixth]}


def _writer(knob: str, seed: int) -> Writer:
    rng = Random(f"texts of {knob} of scenes {seed}")
    # What is sought among captions must look like one: no links, no answers to somebody.
    return Writer(rng, ("",), ("", "", "", " {emoji}", " {tag}")) if knob == "absent" else Writer(rng)


def _ambiguous(desk: _Desk) -> list[Draft]:
    """An object of the own picture decides."""
    draft = desk.writer.write(words.AMBIGUOUS, desk.names)
    four = [(draft.read_as([label]), label) for label in desk.types.of_one_name()]
    return [
        replace(each, subsets={"ambiguous": each.names}, sketch=Sketch(kinds=(label,)), shown=each.names)
        for each, label in four
    ]


def _absent(desk: _Desk) -> list[Draft]:
    """The text names a topic, whose pictures decide; the own picture shows nothing of it."""
    draft = desk.writer.write(stories.CLUES, desk.names)
    four = []
    for label in desk.types.of_one_name():
        read, topic = draft.read_as([label]), desk.topics[LABELS.index(label)]
        assert all(end <= draft.text.index("{CLUE}") for _, end, _ in read.marks), "the clue moves no entity"
        clue = " and ".join(prop.phrase for prop in topic)
        text = draft.text.replace("{CLUE}", clue)
        four.append(replace(read, text=text, subsets={"absent": read.names}, sketch=Sketch()))
    return four


def _blurred(desk: _Desk) -> list[Draft]:
    """The own picture shows a topic's things and something illegible; the topic's other pictures decide."""
    draft = desk.writer.write(stories.BLURS, desk.names)
    four = []
    for label in desk.types.of_one_name():
        read, topic = draft.read_as([label]), desk.topics[LABELS.index(label)]
        four.append(replace(read, subsets={"blurred": read.names}, sketch=Sketch(props=topic, blurred=True)))
    return four


def _pairs(desk: _Desk) -> list[Draft]:
    """Two names, two framed objects; each pair of types occurs in both orders, so that only the pairing decides."""
    way = "side" if desk.place // 2 % 2 else "colour"
    said = desk.rng.sample(["left", "right"] if way == "side" else list(COLOURS), 2)
    templates = stories.BY_SIDE if way == "side" else stories.BY_COLOUR
    draft = desk.writer.write([t.replace("{ONE}", said[0]).replace("{TWO}", said[1]) for t in templates], desk.names)
    made = []
    for labels in desk.types.of_two(desk.rng):
        read = draft.read_as(labels)
        swapped = said[0] == "right" if way == "side" else desk.rng.random() < 0.5
        order = (1, 0) if swapped else (0, 1)  # which entity hangs on the left, which on the right
        frames = tuple(said[i] for i in order) if way == "colour" else (desk.rng.choice(list(COLOURS)),) * 2
        sketch = Sketch(kinds=tuple(labels[i] for i in order), frames=frames)
        subsets = {"pairs": read.names, f"pairs-{way}": read.names}
        made.append(replace(read, subsets=subsets, sketch=sketch, shown=tuple(read.names[i] for i in order)))
    return made


def _leftmost(desk: _Desk) -> list[Draft]:
    """One name, two objects in frames alike; each pair of types occurs in both orders, and the left one decides."""
    draft = desk.writer.write(stories.LEFTMOST, desk.names)
    made = []
    for left, right in desk.types.of_two(desk.rng):
        read = draft.read_as([left])
        sketch = Sketch(kinds=(left, right), frames=(desk.rng.choice(list(COLOURS)),) * 2)
        made.append(replace(read, subsets={"leftmost": read.names}, sketch=sketch, shown=read.names))
    return made


def _decoy(desk: _Desk) -> list[Draft]:
    """A capitalised word that is no entity, in the place of one, beside a picture of a person."""
    templates = stories.BESIDE_A_PERSON if desk.place // 2 % 2 else words.AMBIGUOUS
    word = desk.rng.choice(desk.decoys)
    draft = desk.writer.write([t.replace("{NAME}", word).replace("{DECOY}", word) for t in templates], desk.names)
    people = tuple(mark for mark in draft.marks if mark[2] == "PER")
    return [replace(draft, subsets={"decoys": ()}, sketch=Sketch(kinds=("PER",)), shown=people)]


def _irrelevant(desk: _Desk) -> list[Draft]:
    """The text tells what the name is, the picture shows something else."""
    label, kind = desk.rng.sample(LABELS, 2)
    draft = desk.writer.write(stories.TELLING[label], desk.names)
    return [replace(draft, subsets={"irrelevant": draft.marks}, sketch=Sketch(kinds=(kind,)))]


def _posters(desk: _Desk) -> list[Draft]:
    """The picture shows the emblem of one of the four that bear the name."""
    draft = desk.writer.write(stories.EMBLEMS, desk.names)
    ((start, end, _),) = draft.names
    four = []
    for label in desk.types.of_one_name():
        read = draft.read_as([label])
        emblem = Emblem(name=draft.text[start:end], label=label, seed=desk.seed)
        four.append(replace(read, subsets={"posters": read.names}, sketch=Sketch(emblem=emblem), shown=read.names))
    return four


_MAKERS: dict[str, Callable[[_Desk], list[Draft]]] = {
    "ambiguous": _ambiguous,
    "absent": _absent,
    "blurred": _blurred,
    "pairs": _pairs,
    "leftmost": _leftmost,
    "decoys": _decoy,
    "irrelevant": _irrelevant,
    "posters": _posters,
}


def _siblings(writer: Writer, topics: Sequence[Topic]) -> list[Draft]:
    """The posts whose pictures show what each topic stands for. Naming no entity, they teach no types."""
    return [
        replace(writer.write(words.NONE, ()), sketch=Sketch(kinds=(label,), props=topic))
        for label, topic in zip(LABELS, topics, strict=True)
        for _ in range(SIBLINGS)
    ]


def _other(writer: Writer, rng: Random, names: Sequence[str]) -> Draft:
    """A post whose text says it all. Its picture shows one of its entities, or nothing of note, or there is none.

    A post without entities has such a picture too: what a picture shows need not be named.
    """
    templates = rng.choices((words.PLAIN, words.SEVERAL, words.NONE), (6, 3, 2))[0]
    draft = writer.write(templates, names)
    picture = rng.choices(("telling", "empty", "none"), (6, 2, 2))[0]
    if picture != "telling":
        return replace(draft, sketch=Sketch() if picture == "empty" else None)
    if not draft.marks:
        return replace(draft, sketch=Sketch(kinds=(rng.choice(LABELS),)))
    shown = rng.choice(draft.marks)
    return replace(draft, sketch=Sketch(kinds=(shown[2],)), shown=(shown,))
