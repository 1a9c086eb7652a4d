"""Brings posts into the store.

A post's text and words never change once they are here, because revisions point into them. Importing the same posts
again adds what is new, brings pictures, captions and objects up to date, and reports what differs otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.character_spans import Mark, marks_from_spans, settle, to_json
from db.engine import Store
from db.entity_types import add_types
from db.images import keep_image
from db.posts import GOLD, extend_labels
from db.splits import unique_name
from db.tables import Datasets, Defects, Posts, Revisions
from mner_core.data.entity_types import EntityType
from mner_core.data.lines import Defect
from mner_core.types import Example, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did. `defects` holds the reader's findings and the posts that were left as they were."""

    dataset: str
    added: int
    updated: int
    unchanged: int
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is said of a data set as a whole.

    `types` are those that dataset.json declares, `mapping` is what labels became on reading (OTHER = MISC), `knowledge`
    the key of the graph that came with it.
    """

    labels: tuple[str, ...] = ()
    types: tuple[EntityType, ...] = ()
    mapping: Mapping[str, str] | None = None
    licence: str = ""
    credits: str = ""
    knowledge: str | None = None


def import_examples(
    store: Store, name: str, examples: Iterable[Example], about: About | None = None, defects: Sequence[Defect] = ()
) -> ImportReport:
    """Brings posts into the data set `name`, all of them or none; imported gold is revision 1 of the track `gold`.

    The label set is the one that `about` names, and whatever labels the posts carry. `defects` are the reader's.

    Raises:
        InputError: the name is empty.
        StoreError: there is no room left.
    """
    if not name.strip():
        raise InputError("A data set needs a name.")
    about = about or About()
    ready = [(example, _keep_picture(store, example)) for example in examples]
    with store.write() as session:
        dataset_id = _dataset_id(session, name, about, store.now())
        seen = sorted({span.label for example, _ in ready for span in example.spans or ()})
        add_types(session, dataset_id, about.types)
        labels = extend_labels(session, dataset_id, [*about.labels, *seen])
        work = _Import(session, dataset_id, labels, store.now())
        for example, sha256 in ready:
            work.take(example, sha256)
        work.finish()
        found = (*defects, *work.defects)
        session.execute(delete(Defects).where(Defects.dataset_id == dataset_id))
        if found:
            session.execute(insert(Defects), [{"dataset_id": dataset_id, **defect.to_json()} for defect in found])
    return ImportReport(
        dataset=name, added=len(work.new), updated=work.updated, unchanged=work.unchanged, defects=found
    )


class _Import:
    """One import's work inside its transaction: which posts are new, and what to say about the others."""

    def __init__(self, session: Session, dataset_id: int, labels: Sequence[str], now: float) -> None:
        self.session, self.dataset_id, self.labels, self.now = session, dataset_id, labels, now
        self.new: list[Posts] = []
        self.gold: list[tuple[Posts, list[Any]]] = []
        self.updated = self.unchanged = 0
        self.defects: list[Defect] = []
        here = list(session.scalars(select(Posts).where(Posts.dataset_id == dataset_id)))
        self.known = {tuple(row.origin or (row.split, row.name)): row for row in here}
        self.taken = {(row.split, row.name) for row in here}
        self.fresh: set[tuple[str, str]] = set()
        self.place = max((row.place for row in here), default=-1) + 1
        first = select(Revisions.post_id, Revisions.imported, Revisions.marks).join(
            Posts, Revisions.post_id == Posts.id
        )
        first = first.where(Posts.dataset_id == dataset_id, Revisions.track == GOLD, Revisions.base == 0)
        self.first_gold = {post_id: marks if imported else None for post_id, imported, marks in session.execute(first)}

    def take(self, example: Example, sha256: str | None) -> None:
        """Notes a post as new, or brings what may change of it up to date."""
        if not _is_text(example):
            self._report("bad-text", example, "holds lone surrogates, which are no text; it was left out")
            return
        key = (example.split, example.id)
        row = self.known.get(key)
        if key in self.fresh:
            where = f"the split {example.split}" if example.split else "the data set"
            self._report("duplicate-id", example, f"occurs twice in {where}; the later one was left out")
        elif row is None:
            self.fresh.add(key)
            self._add(example, sha256)
        elif row.text != example.text or row.tokens != _tokens_to_json(example):
            self._report("changed-post", example, "is here with another text; it was left as it is")
        else:
            self._refresh(row, example, sha256)

    def finish(self) -> None:
        """Writes the new posts and their gold."""
        self.session.add_all(self.new)
        self.session.flush()
        for row, marks in self.gold:
            self.session.add(
                Revisions(
                    post_id=row.id, track=GOLD, base=0, status="submitted", marks=marks, tokens=None,
                    author="", created=self.now, run=None, imported=True,
                )
            )  # fmt: skip
        self.session.flush()

    def _add(self, example: Example, sha256: str | None) -> None:
        name = unique_name(example.split, example.id, self.taken)  # a post that was moved here may have the id
        self.taken.add((example.split, name))
        row = Posts(
            dataset_id=self.dataset_id,
            split=example.split,
            name=name,
            origin=None if name == example.id else [example.split, example.id],
            place=self.place + len(self.new),
            text=example.text,
            tokens=_tokens_to_json(example),
            tags=None if example.tags is None else list(example.tags),
            subsets=_subsets_to_json(example),
            source=example.source,
            **_beside_the_text(example, sha256),
        )
        self.new.append(row)
        gold = self._gold_of(example)
        if gold is not None:
            self.gold.append((row, gold))

    def _gold_of(self, example: Example) -> list[Any] | None:
        if example.spans is None:
            return None
        try:
            return _gold_to_json(example, self.labels)
        except InputError as error:
            self._report("bad-gold", example, f"has gold that cannot be, and came in without: {str(error).rstrip('.')}")
            return None

    def _refresh(self, row: Posts, example: Example, sha256: str | None) -> None:
        gold = self._gold_of(example)
        has_new_gold = gold is not None and row.id not in self.first_gold
        if gold is not None and has_new_gold:
            row.tags = None if example.tags is None else list(example.tags)
            row.subsets = _subsets_to_json(example)
            self.gold.append((row, gold))
        elif gold is not None and self.first_gold[row.id] != gold:
            self._report("changed-gold", example, "is here with other gold labels; they were left as they are")
        for field, value in _beside_the_text(example, sha256).items():
            if value is not None and getattr(row, field) != value:
                setattr(row, field, value)
        if has_new_gold or self.session.is_modified(row):
            self.updated += 1
        else:
            self.unchanged += 1

    def _report(self, kind: str, example: Example, what: str) -> None:
        name = example.id.encode(errors="replace").decode()
        self.defects.append(Defect(kind, example.source, None, f"The post {name!r} {what}."))


def _dataset_id(session: Session, name: str, about: About, now: float) -> int:
    row = session.scalar(select(Datasets).where(Datasets.name == name))
    if row is None:
        row = Datasets(name=name, licence="", credits="", labels=[], mapping={}, created=now)
        session.add(row)
    row.licence = about.licence or row.licence
    row.credits = about.credits or row.credits
    row.mapping = {**row.mapping, **(about.mapping or {})}
    row.knowledge = about.knowledge or row.knowledge
    session.flush()
    return row.id


def _keep_picture(store: Store, example: Example) -> str | None:
    if example.image is None or not example.image.is_file():
        return None
    return keep_image(store.home, example.image)


def _beside_the_text(example: Example, sha256: str | None) -> dict[str, Any]:
    """The columns that a later import may bring up to date."""
    objects = example.objects
    return {
        "image_sha256": sha256,
        "image_name": example.image_name,
        "caption": example.caption,
        "objects": None if objects is None else [[thing.label, list(thing.box), thing.score] for thing in objects],
    }


def _tokens_to_json(example: Example) -> list[Any]:
    return [[token.start, token.end] for token in example.tokens]


def _subsets_to_json(example: Example) -> dict[str, Any]:
    return {
        name: [[span.start, span.end, span.label] for span in sorted(spans)] for name, spans in example.subsets.items()
    }


def _gold_to_json(example: Example, labels: Sequence[str]) -> list[Any]:
    """Gold with ids that another import of the same gold gives again."""
    marks = marks_from_spans(example.tokens, example.spans or ())
    named = [Mark(id=f"g{place}", start=mark.start, end=mark.end, label=mark.label) for place, mark in enumerate(marks)]
    return to_json(settle(example.text, example.tokens, named, labels)[1])


def _is_text(example: Example) -> bool:
    words = [example.id, example.text, example.caption or "", example.image_name or ""]
    try:
        "".join([*words, *(span.label for span in example.spans or ())]).encode()
    except UnicodeEncodeError:
        return False
    return True
