"""The small form of `make soak`."""

import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.soak import soak


@pytest.mark.slow
@pytest.mark.parametrize("kills", [0, 2])
def test_people_save_while_posts_are_imported(tmp_path: Path, kills: int) -> None:
    """No save is refused, no screen calls the worker absent, and a killed import ends whole, each post there once."""
    figures = soak(tmp_path, posts=1500, people=3, pause=0.2, kills=kills, seed=1)
    sys.stdout.write(f"\n{asdict(figures)}\n")
    assert (figures.imported, figures.refused, figures.silent, figures.tries) == (1500, 0, 0, 0)
    assert figures.saves > 10
