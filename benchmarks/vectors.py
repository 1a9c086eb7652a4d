"""`make soak`: the five nearest of a million vectors, by the approximate index and by comparing all.

The vectors are drawn in clusters, as sentences lie: a hundred to a cluster, which spreads over 24 directions. They stay
in a file; the index is built once, then opened by a fresh process that asks. Questions are rows, slightly moved. Times
are seconds and milliseconds of the processor, on one thread.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from mner_core.retrieval.vector_index import VectorIndex

ROOT = Path(__file__).parents[1]
WIDTH, DIRECTIONS, CLUSTER, SPREAD, MOVED = 384, 24, 100, 0.35, 0.01
QUESTIONS, FLAT_QUESTIONS, NEAREST = 300, 20, 5
_BLOCK = 50_000


def write_vectors(file: Path, num: int, seed: int) -> NDArray[np.float32]:
    """Draws clustered vectors of length 1 into the file: [num, 384], mapped."""
    rng = np.random.default_rng(seed)
    spanned = rng.normal(size=(DIRECTIONS, WIDTH)) / DIRECTIONS**0.5
    centres = rng.normal(size=(max(1, num // CLUSTER), DIRECTIONS))
    rows = np.lib.format.open_memmap(file, "w+", np.float32, (num, WIDTH))
    for start, size in _blocks(num):
        inside = centres[rng.integers(0, len(centres), size)] + SPREAD * rng.normal(size=(size, DIRECTIONS))
        block = inside @ spanned + MOVED * rng.normal(size=(size, WIDTH))
        rows[start : start + size] = block / np.linalg.norm(block, axis=1, keepdims=True)
    rows.flush()
    return rows


def build(folder: Path, num: int, seed: int) -> dict[str, float]:
    """Draws the vectors and builds the index: seconds of the processor, bytes, recall of the index's own sample."""
    rows = write_vectors(folder / "rows.npy", num, seed)
    begin = time.process_time()
    index = VectorIndex(rows, exact_up_to=0, kept=folder / "index")
    seconds = time.process_time() - begin
    size = sum(file.stat().st_size for file in (folder / "index").iterdir())
    return {"build_seconds": seconds, "index_mb": size / 1e6, "recall_of_sample": index.recall}


def ask(folder: Path, seed: int) -> dict[str, float]:
    """Opens the index and asks it: recall@5 against comparing all, milliseconds a question, memory of its own."""
    rows = np.load(folder / "rows.npy", mmap_mode="r")
    before = _private_mb()
    begin = time.process_time()
    index = VectorIndex(rows, exact_up_to=0, kept=folder / "index")
    opened = time.process_time() - begin
    rng = np.random.default_rng(seed + 1)
    asked = rows[np.sort(rng.choice(len(rows), QUESTIONS, replace=False))]
    asked = (asked + MOVED * rng.normal(size=asked.shape)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    times, found = [], []
    for question in asked:
        begin = time.process_time()
        [nearest] = index.search(question[None], NEAREST, [set()])
        times.append(1000 * (time.process_time() - begin))
        found.append({row for row, _ in nearest})
    own = _private_mb() - before
    true, flat = _flat(rows, asked)
    recall = np.mean([len(each & {*wanted}) / NEAREST for each, wanted in zip(found, true.tolist(), strict=True)])
    median = float(np.median(times))
    return {
        "open_seconds": opened, "recall_at_5": float(recall), "median_ms": median,
        "p95_ms": float(np.percentile(times, 95)), "flat_ms": flat, "times_quicker": flat / median,
        "own_memory_mb": own, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def _flat(rows: NDArray[np.float32], asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], float]:
    """The true nearest of all questions, and the milliseconds that comparing all takes for one asked alone."""
    index = faiss.IndexFlatIP(WIDTH)
    for start, size in _blocks(len(rows)):
        index.add(np.asarray(rows[start : start + size]))
    _, true = index.search(asked, NEAREST)
    begin = time.process_time()
    for question in asked[:FLAT_QUESTIONS]:
        index.search(question[None], NEAREST)
    return true, 1000 * (time.process_time() - begin) / FLAT_QUESTIONS


def _blocks(num: int) -> Iterator[tuple[int, int]]:
    for start in range(0, num, _BLOCK):
        yield start, min(_BLOCK, num - start)


def _private_mb() -> float:
    """What this process alone holds: pages of mapped files are everybody's. 0 where the kernel does not say."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def main(arguments: Sequence[str]) -> None:
    """Prints the figures; the second half is measured in a process of its own."""
    parser = argparse.ArgumentParser(prog="benchmarks.vectors", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ask", type=Path, help="ask the index that lies in this folder")
    options = parser.parse_args(arguments)
    if options.ask:
        print(json.dumps(ask(options.ask, options.seed)))
        return
    with tempfile.TemporaryDirectory(prefix="mner-vectors-") as folder:
        figures: dict[str, Any] = {"rows": options.rows} | build(Path(folder), options.rows, options.seed)
        command = [sys.executable, "-m", "benchmarks.vectors", "--ask", folder, "--seed", str(options.seed)]
        asked = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        figures |= json.loads(asked.stdout)
    print(f"\nThe {NEAREST} nearest of {options.rows:,} vectors of {WIDTH} numbers, one thread")
    for name, value in figures.items():
        print(f"  {name:18} {value:,.3f}" if isinstance(value, float) else f"  {name:18} {value:,}")


if __name__ == "__main__":
    main(sys.argv[1:])
