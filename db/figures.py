"""Figures that cost too much for a screen: computed once by the worker, and kept under what they follow from.

A question names them; the state of a question is what can change its answer: the change token of its data set, labels
and runs, and the code that computes it. What is kept of another state is old, and said to be so wherever it is shown.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import delete, select

from db.change_token import change_token
from db.engine import Store
from db.fair_gold import of_their_setting
from db.gold import CURRENT
from db.jobs import ACTIVE, Job, Kind, enqueue, jobs
from db.posts import dataset_key, datasets
from db.runs import runs
from db.tables import Figures
from db.training_names import TRAIN
from mner_core.code_version import code_digest
from mner_core.types import InputError

FigureKind: TypeAlias = Literal["agreement", "comparison", "fingerprint", "inside"]
JOB: Kind = "figure"
"""The kind of the jobs that compute them."""
DEV = "valid"
"""The split on which the temperature of a calibration is fitted."""
_CODE = "db.figure_kinds"
"""Where they are computed."""
_LOOKED_AT = 50
"""The newest so many jobs of a data set are looked through for the one of a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    agreement: how far the two `golds` agree; comparison: the second of two `runs` against the first; fingerprint: that
    of the labels that the `runs` are measured on together, or of all where there is none; inside: slices and
    calibration of one run.
    """

    kind: FigureKind
    dataset: str
    split: str | None = None
    golds: tuple[str, ...] = (CURRENT,)
    runs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The question as one line of text, the same for the same question."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Question":
        """The question that a payload, or a key read as JSON, holds."""
        return cls(**{**said, "golds": tuple(said["golds"]), "runs": tuple(said["runs"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An answer, as JSON. `is_current` says whether it follows from what is there now; `computed` is when it was made.

    Its `value` has the one field `problem`, a sentence, where the question has no answer.
    """

    value: Mapping[str, Any]
    is_current: bool
    computed: float


def figure(store: Store, asked: Question) -> Figure | None:
    """The answer that is kept, be it old; None where there is none yet.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        row = session.get(Figures, asked.key)
    if row is None:
        return None
    return Figure(value=row.value, is_current=row.state == state_of(store, asked), computed=row.computed)


def state_of(store: Store, asked: Question) -> str:
    """What the answer follows from, as one line of text.

    Raises:
        InputError: there is no such data set.
    """
    return json.dumps([code_digest(_CODE), *_tokens(store, asked)], separators=(",", ":"))


def want(store: Store, asked: Question, author: str) -> Job:
    """The job that computes the answer: one that waits or runs, one that was stopped or failed in this very state, or
    a new one.
    """
    state = state_of(store, asked)
    known = jobs(store, kinds=(JOB,), dataset=asked.dataset, limit=_LOOKED_AT)
    last = next((job for job in known if Question.of(job.payload["question"]) == asked), None)
    if last and (last.status in ACTIVE or (last.status in ("failed", "cancelled") and last.payload["state"] == state)):
        return last
    return ask_again(store, asked, author)


def ask_again(store: Store, asked: Question, author: str) -> Job:
    """Queues the job that computes the answer, whatever became of an earlier one."""
    payload = {"dataset": asked.dataset, "question": asdict(asked), "state": state_of(store, asked)}
    return enqueue(store, JOB, payload, author=author, dedupe_key=f"{JOB} {asked.key}")


def keep(store: Store, asked: Question, state: str, value: Mapping[str, Any]) -> None:
    """Keeps an answer in place of what was kept before; one to a data set that is gone is dropped."""
    with store.write() as session:
        session.execute(delete(Figures).where(Figures.question == asked.key))
        try:
            dataset_id = dataset_key(session, asked.dataset)
        except InputError:
            return
        session.add(
            Figures(question=asked.key, dataset_id=dataset_id, state=state, value=dict(value), computed=store.now())
        )


def superseded(store: Store) -> list[str]:
    """The keys of all answers that do not follow from what is there now: nothing is lost with them but time."""
    with store.read() as session:
        kept = session.execute(select(Figures.question, Figures.state)).all()
    return [key for key, state in kept if state != _state_now(store, Question.of(json.loads(key)))]


def forget(store: Store, keys: list[str]) -> None:
    """Removes answers by their keys."""
    with store.write() as session:
        for key in keys:
            session.execute(delete(Figures).where(Figures.question == key))


def _state_now(store: Store, asked: Question) -> str | None:
    """The state of a question; None where its data set or a run is gone."""
    try:
        return state_of(store, asked) if {*asked.runs} <= {each.name for each in runs(store)} else None
    except InputError:
        return None


def _tokens(store: Store, asked: Question) -> Iterator[str]:
    """The change tokens of all that the answer is computed from."""
    yield change_token(store, asked.dataset, asked.split, asked.golds, asked.runs)
    if len(asked.runs) > 1:  # labels that any run of their setting suggested are taken back
        yield json.dumps(sorted(of_their_setting(store, asked.runs)))
    if asked.kind == "inside":
        if asked.split not in (None, DEV):
            yield change_token(store, asked.dataset, DEV, asked.golds, asked.runs)
        if learned := learned_from(store, asked.runs[0]):
            yield change_token(store, learned, TRAIN, (CURRENT,))


def learned_from(store: Store, run: str) -> str | None:
    """The data set that a run learned from, where it is still there."""
    named = next((str(each.data.get("name")) for each in runs(store) if each.name == run), None)
    return named if named in {each.name for each in datasets(store)} else None
