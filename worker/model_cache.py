"""The runs that the serving child holds ready: the last used ones, as many as the memory allows."""

from collections import OrderedDict

from db.engine import Store
from db.runs import run as run_named
from mner_core.training.run import Run, load


class ModelCache:
    """Loaded runs by name; `limit` is in bytes, and the last used run always stays."""

    def __init__(self, store: Store, limit: int) -> None:
        self.store, self.limit = store, limit
        self._runs: OrderedDict[str, Run] = OrderedDict()

    def get(self, name: str) -> Run:
        """The run of that name, loaded where it is not, or where other weights lie under its name now.

        Raises:
            InputError: there is no such run, or its folder is damaged.
        """
        held = self._runs.pop(name, None)  # gone, where there is no such run any more
        known = run_named(self.store, name)
        if held is None or held.record.weights != known.weights:
            held = load(known.folder, self.store.home)
        self._runs[name] = held
        while len(self._runs) > 1 and sum(map(size, self._runs.values())) > self.limit:
            self._runs.popitem(last=False)
        return held

    @property
    def names(self) -> tuple[str, ...]:
        """The runs that are loaded, the last used one last."""
        return tuple(self._runs)


def size(run: Run) -> int:
    """Bytes that a run's parameters take."""
    return sum(each.numel() * each.element_size() for each in run.model.state_dict().values())
