"""Runs side by side on a gold that is fair to them, and what is said where labels go back to their suggestions."""

from dataclasses import dataclass

from db.engine import Store
from db.fair_gold import Suggested, of_their_setting, suggested
from pages.shared.number_format import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """How two runs are compared: `fair_to` is what `db.evaluations` takes, empty where neither suggested a label."""

    fair_to: tuple[str, ...]
    found: Suggested

    @property
    def sentence(self) -> str:
        """On how many posts the labels go back to the runs, and what counts there; empty where on none."""
        if not self.found.posts:
            return ""
        posts = f"{self.found.posts:,} of {counted(self.found.labelled, 'post')}"
        left_out = self.found.left_out
        without = f" {counted(left_out, 'post')} without such labels {'is' if left_out == 1 else 'are'} left out."
        return (
            f"On {posts} the labels were suggested by one of these runs, or by another seed of its setting: labels "
            f"that a run wrote favour it, so the labels before count there.{without if left_out else ''}"
        )


def fairness(store: Store, runs: tuple[str, str], dataset: str, split: str | None, gold: str) -> Fairness:
    """How these two runs are compared on the named gold.

    Raises:
        InputError: there is no such data set.
    """
    both = of_their_setting(store, runs)
    found = suggested(store, dataset, split, gold, both)
    return Fairness(fair_to=both if found.posts else (), found=found)
