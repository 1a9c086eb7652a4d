"""The million vectors of `make soak` in a small form: what is printed is true of the index that is kept."""

from pathlib import Path

import numpy as np

from benchmarks.vectors import ask, build


def test_the_index_of_drawn_vectors_is_kept_and_finds_the_nearest(tmp_path: Path) -> None:
    built = build(tmp_path, 4000, 0)
    kept = list((tmp_path / "index").iterdir())
    assert built["index_mb"] == sum(file.stat().st_size for file in kept) / 1e6
    assert built["index_mb"] < 1.5 * np.load(tmp_path / "rows.npy").nbytes / 4 / 1e6, "a byte a number"
    asked = ask(tmp_path, 0)
    assert asked["recall_at_5"] >= 0.98
    assert asked["median_ms"] > 0
    assert sorted(tmp_path.joinpath("index").iterdir()) == sorted(kept), "it was opened, not built again"
