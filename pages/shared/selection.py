"""What a person is looking at, kept in the address, so that every screen has a link of its own.

The parameters are `dataset`, `split`, `gold`, `run`, `compare` (a second run) and `post`, all by the names that people
know. The address wins; what it cannot say on this screen is remembered from the screen before; what neither says, or
what names something that is not there, falls back to something that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import streamlit as st

from db.engine import Store
from db.gold import CURRENT, ORIGINAL
from db.posts import GOLD, Dataset, datasets, numbers_of
from db.run_labels import knows
from db.runs import StoredRun, runs
from db.worklists import tracks
from pages.shared import address
from pages.shared.store import store

Screen: TypeAlias = Literal["overview", "errors", "post", "annotate", "runs", "experiments", "data"]

ALL = "all"
"""How the address says that no single split is meant."""

_ON_SCREEN: Mapping[str, tuple[str, ...]] = {
    "overview": ("dataset", "split", "gold", "run", "compare"),
    "errors": ("dataset", "split", "gold", "run", "compare"),
    "post": ("dataset", "split", "gold", "run", "post"),
    "annotate": ("dataset", "split", "gold", "run", "post"),
    "runs": ("run",),
    "experiments": (),
    "data": ("dataset",),
}
"""What the address of each screen says."""

_OPTIONAL = ("compare", "post")
"""What may be chosen or not: a screen whose address says other things and not this looks at none."""

_GO_WITH = {"dataset": ("split", "gold", "run", "compare", "post"), "split": ("post",)}
"""What no longer holds when another data set or split is chosen."""

_MEMORY = "selection"
_SCREEN = "screen"
_RESOLVED = "selection resolved"
"""What parameters meant when this screen was drawn, for all links on it; see `_now`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is looked at, by name; whatever is named here is in the store.

    `dataset` and `run` are None where there is none yet; `split` is None where all posts are meant; `gold` is
    "original", "current" or a track; `compare` and `post` are None where none is chosen. `post_id` is the store's
    number of `post`.
    """

    dataset: str | None
    split: str | None
    gold: str
    run: str | None
    compare: str | None
    post: str | None
    post_id: int | None

    def parameters(self) -> dict[str, str]:
        """The selection as the address says it."""
        named = {"dataset": self.dataset, "gold": self.gold, "run": self.run, "compare": self.compare}
        named |= {"post": self.post, "split": (self.split or ALL) if self.dataset else None}
        return {name: value for name, value in named.items() if value}


NAMES = tuple(field.name for field in fields(Selection) if field.name != "post_id")


def enter(screen: str) -> None:
    """Says which screen is drawn now; `app.py` does."""
    st.session_state[_SCREEN] = screen
    st.session_state.pop(_RESOLVED, None)
    address.note()


def selection() -> Selection:
    """What is looked at on this screen. Brings the address up to date, too."""
    found = resolve(store(), _said())
    beside = address.remember(_screen())
    st.session_state[_MEMORY] = found.parameters()
    _write_address(found.parameters(), beside)
    st.session_state[_RESOLVED] = (_said(), found.parameters())
    return found


def link(screen: Screen, **changes: str | None) -> str:
    """The address of a screen, to be used from any other; changes set parameters, add others, or (None) leave out."""
    return f"{screen}?{urlencode(_address(screen, changes))}"


def page_link(screen: Screen, label: str, **changes: str | None) -> None:
    """Draws a link to a screen; see `link`."""
    st.page_link(_script(screen), label=label, icon=":material/arrow_forward:", query_params=_address(screen, changes))


def go(screen: Screen, **changes: str | None) -> None:
    """Opens a screen, from a callback or a script; see `link`."""
    st.session_state[_MEMORY] = _changed(changes)
    st.switch_page(_script(screen), query_params=_address(screen, changes))


def change(**changes: str | None) -> None:
    """Changes what this screen looks at; for callbacks, before the script runs again."""
    st.session_state[_MEMORY] = _changed(changes)
    _write_address(_changed(changes), changes)


def resolve(store: Store, said: Mapping[str, str]) -> Selection:
    """The selection that parameters mean, with something that exists in place of what does not."""
    sets = {each.name: each for each in datasets(store)}
    trained = {each.name: each for each in runs(store)}
    dataset = said.get("dataset", "")
    if dataset not in sets:
        asked = trained.get(said.get("run", ""))
        dataset = str(asked.data.get("name", "")) if asked else ""
    if dataset not in sets:  # the one that somebody trained on last, else the newest
        known = [str(each.data.get("name")) for each in reversed(trained.values())]
        dataset = next((name for name in [*known, *reversed(sets)] if name in sets), "")
    split, post, post_id = _resolve_post(store, sets[dataset].splits, dataset, said) if dataset else (None, None, None)
    run = _resolve_run(list(trained.values()), sets.get(dataset), said.get("run"))
    compare = said.get("compare")
    return Selection(
        dataset=dataset or None,
        split=split,
        gold=_resolve_gold(store, dataset, said.get("gold", CURRENT)),
        run=run,
        compare=compare if compare in trained and compare != run else None,
        post=post,
        post_id=post_id,
    )


def golds(store: Store, dataset: str) -> list[str]:
    """The golds that a data set can be measured on: the imported one, the corrected one, and each person's."""
    return [ORIGINAL, CURRENT, *(track for track in tracks(store, dataset) if track != GOLD)]


def gold_name(gold: str) -> str:
    """What a person reads for a gold: "original labels", "corrected labels", "labels by Ann"."""
    return {ORIGINAL: "original labels", CURRENT: "corrected labels"}.get(gold, f"labels by {gold}")


def _said() -> dict[str, str]:
    said = {name: st.query_params[name] for name in NAMES if st.query_params.get(name)}
    memory: dict[str, str] = st.session_state.get(_MEMORY, {})
    if said.get("dataset", memory.get("dataset")) != memory.get("dataset"):
        memory = {}
    none = () if address.is_bare() else [name for name in _OPTIONAL if name in _ON_SCREEN.get(_screen(), ())]
    return {**{name: value for name, value in memory.items() if name not in none}, **said}


def _changed(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The parameters after the changes; what a change makes void is dropped unless it is named as well."""
    now = _now()
    void = {name for changed in changes if changes[changed] != now.get(changed) for name in _GO_WITH.get(changed, ())}
    kept = {name: value for name, value in now.items() if name not in void}
    return {name: value for name, value in {**kept, **changes}.items() if value and name in NAMES}


def _now() -> dict[str, str]:
    """What is looked at, asked of the store once for all links of a drawn screen: a dozen of them say the same."""
    said = _said()
    kept = st.session_state.get(_RESOLVED)
    if kept is None or kept[0] != said:
        kept = (said, resolve(store(), said).parameters())
        st.session_state[_RESOLVED] = kept
    return dict(kept[1])


def _address(screen: str, changes: Mapping[str, str | None]) -> dict[str, str]:
    named = {name: value for name, value in _changed(changes).items() if name in _ON_SCREEN[screen]}
    named |= address.remembered(screen, changes)
    return {name: value for name, value in {**named, **changes}.items() if value}


def _write_address(parameters: Mapping[str, str], others: Mapping[str, str | None] | None = None) -> None:
    """Makes the address say the parameters that belong to this screen; `others` are set or removed as well."""
    shown = _ON_SCREEN.get(_screen(), NAMES)
    wanted = {name: parameters.get(name) if name in shown else None for name in NAMES}
    address.write(wanted | {name: value for name, value in (others or {}).items() if name not in NAMES})


def _screen() -> str:
    return str(st.session_state.get(_SCREEN, ""))


def _script(screen: Screen) -> str:
    return f"pages/{screen}/view.py"


def _resolve_post(
    store: Store, splits: Mapping[str, int], dataset: str, said: Mapping[str, str]
) -> tuple[str | None, str | None, int | None]:
    """The split, the post and its number; a post that lies in another split takes the selection there."""
    split: str | None = said.get("split")
    if split not in splits:
        usual = next((name for name in ("valid", "test", *splits) if name in splits), None)
        split = None if split == ALL else usual
    if not (post := said.get("post")):
        return split, None, None
    of, _, name = post.partition("/")
    numbers = numbers_of(store, dataset, splits, (post, name))
    places = {of: number for (of, name), number in numbers.items() if name == post}
    if split in places:
        return split, post, places[split]
    if (of, name) in numbers:
        return (None, post, numbers[of, name]) if split is None else (of, name, numbers[of, name])
    if not places:
        return split, None, None
    other, number = next(iter(places.items()))
    return (None if split is None else other), post, number


def post_name(chosen: Selection, split: str, name: str) -> str:
    """How the address names a post: by its id, and by SPLIT/ID where all splits are looked at: two may have the id."""
    return name if chosen.split else f"{split}/{name}"


def _resolve_run(trained: Sequence[StoredRun], found: Dataset | None, said: str | None) -> str | None:
    """The run that is named, or the newest of the data set, or the newest that knows all of its types, or none."""
    names = [run.name for run in trained]
    if said in names or found is None:
        return said if said in names else next(reversed(names), None)
    of_dataset = [run.name for run in trained if run.data.get("name") == found.name]
    others = [run.name for run in trained if knows(run, found) and not run.is_brought]
    return next(reversed(of_dataset or others), None)


def _resolve_gold(store: Store, dataset: str, said: str) -> str:
    if said in (ORIGINAL, CURRENT) or not dataset:
        return said if said == ORIGINAL else CURRENT
    return said if said in golds(store, dataset) else CURRENT
