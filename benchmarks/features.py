"""Pictures a second of the feature sweep, compact profile, drawn pictures at their own size."""

import tempfile
from pathlib import Path

import torch

from mner_core.catalog.profiles import profile
from mner_core.data.dataset import read_dataset
from mner_core.features.extract import extract
from mner_core.home import Home
from mner_core.scenes.write import write_scenes

POSTS = 60


def main() -> None:
    """Prints the rate with an empty cache, and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder) / "scenes", POSTS, 1)
        posts = read_dataset(Path(folder) / "scenes").posts
        home = Home(Path(folder) / "home")
        first = extract(posts, profile("compact"), home)
        again = extract(posts, profile("compact"), home)
    rate, cached = (report.images / max(report.seconds, 1e-9) for report in (first, again))
    print(f"\nFeature sweep, compact profile, {torch.get_num_threads()} thread, {first.images} pictures")
    print(f"  computed {rate:6.1f} pictures/s,  from the cache {cached:8.0f} pictures/s ({cached / rate:.0f} x)")
