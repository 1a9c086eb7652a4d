"""What a run retrieves from: its neighbour pool and its knowledge graph, in its own folder or (older runs) in the home.

    RUN/pool/pool.safetensors    the pool; in an exported run with grids/, the regions of its pictures
    RUN/knowledge/               the graph

Training writes both into the home, where runs of one data set share them, and links them into the run's folder: the
run stays whole when the home's are removed. The regions of the pool's pictures lie in the feature cache; where that
was cleared, pictures of an imported data set are looked at again.
"""

import os
import shlex
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mner_core.caches import read_kept
from mner_core.catalog.systems import system
from mner_core.features.image import ImageFeatures
from mner_core.features.shards import Shards
from mner_core.features.store import FeatureStore
from mner_core.files import whole_file
from mner_core.home import Home
from mner_core.retrieval.entity_linking import graph_folder
from mner_core.retrieval.pool import Pool
from mner_core.run_record import RunRecord
from mner_core.types import Example, InputError

POOL, KNOWLEDGE, GRIDS = "pool", "knowledge", "grids"


def pool_folder(home: Home, fingerprint: str) -> Path:
    """Where the pool of that fingerprint lies in a home."""
    return home.root / "pools" / fingerprint


def keep_parts(run: Path, pool: str, knowledge: str, home: Home) -> None:
    """Links a run's pool and graph, by fingerprint, from the home into its folder; copies them from another disk.

    Raises:
        OSError: there is no room, or the folder may not be written to.
    """
    for name, fingerprint, folder in (
        (POOL, pool, pool_folder(home, pool)),
        (KNOWLEDGE, knowledge, graph_folder(home, knowledge)),
    ):
        shutil.rmtree(run / name, ignore_errors=True)  # what an interrupted training has linked
        if fingerprint:
            shutil.copytree(folder, run / name, copy_function=_link)


def pool_of_run(run: Path, record: RunRecord, home: Home) -> tuple[Pool, Path]:
    """The run's pool and the folder it lies in: the run's own, mended from the home's where it is damaged.

    Raises:
        InputError: neither is there, or what is there is damaged or another pool.
    """
    in_home = pool_folder(home, record.pool)
    for folder in (run / POOL, in_home):
        pool = read_kept(folder, Pool.load) if folder.is_dir() else None
        if pool is not None and pool.fingerprint == record.pool:
            if folder == in_home and (run / POOL).is_dir():
                _mend(run / POOL, in_home)
                return pool, run / POOL
            return pool, folder
    _there(run, POOL, in_home, record, "neighbour pool")
    raise InputError(
        f"The neighbour pool of the run {run.name} is damaged, or another one than it was trained with; bring it back "
        f"from a backup, or train again: {train_again(record)}"
    )


def graph_of_run(run: Path, record: RunRecord, home: Home) -> Path:
    """The folder of the run's knowledge graph.

    Raises:
        InputError: it is neither in the run's folder nor in the home.
    """
    return _there(run, KNOWLEDGE, graph_folder(home, record.knowledge), record, "knowledge graph")


class Grids:
    """The regions of a pool's pictures, by sha256.

    Args:
        features: the run's feature store.
        home: where the pictures of imported data sets lie.
        own: what an exported run brought along; None for nothing.
    """

    def __init__(self, features: FeatureStore, home: Home, own: Shards | None = None) -> None:
        self._features, self._home, self._own = features, home, own

    def of(self, digest: str) -> NDArray[np.float16]:
        """The grid [49, grid_width] of a picture.

        Raises:
            InputError: it was never looked at here, and the picture is not among the imported ones.
        """
        return self.known(digest).grid

    def known(self, digest: str) -> ImageFeatures:
        """All that is kept of a picture, or found when it is looked at again.

        Raises:
            InputError: as `of`.
        """
        known = self._own.of_picture(digest) if self._own else None
        known = known or self._features.of_picture(digest) or self._looked_at_again(digest)
        if known is None:
            profile = self._features.extractor.profile.name
            raise InputError(
                f"The neighbour picture {digest[:12]} is not in the feature cache any more; run `python -m mner_core "
                f"features DIR --profile {profile}` on the data set that the run was trained on."
            )
        return known

    def _looked_at_again(self, digest: str) -> ImageFeatures | None:
        picture = self._home.images / digest
        if not picture.is_file():
            return None
        found = self._features.features(Example(id=digest, text="", tokens=(), image=picture))
        return found if found.image_ok else None


def _mend(own: Path, in_home: Path) -> None:
    """Copies the home's files over those of the run's own folder."""
    for source in in_home.iterdir():
        with whole_file(own / source.name) as beside:
            shutil.copyfile(source, beside)


def _link(source: str, target: str) -> str:
    """Another name for the same file, which is never written to again; a copy where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        return shutil.copy2(source, target)
    return target


def _there(run: Path, name: str, in_home: Path, record: RunRecord, called: str) -> Path:
    own = run / name
    if own.is_dir():
        return own
    if in_home.is_dir():
        return in_home
    raise InputError(
        f"The {called} {in_home.name[:12]} of the run {run.name} was removed from {in_home.parent.name}/ in the home, "
        f"and this run has none of its own; bring it back from a backup, or train again: {train_again(record)}"
    )


def train_again(record: RunRecord) -> str:
    """The command that trained the run; DIR and RUN stand for the folders of its data set and of the new run."""
    resolved = system(record.model).resolve(record.profile, record.variant)
    changes = {key: value for key, value in record.settings.items() if getattr(resolved, key) != value}
    words = ["python -m mner_core train", "--model", record.model, "--profile", record.profile]
    words += ["--variant", shlex.quote(record.variant)] if record.variant else []
    words += [f"--set {shlex.quote(f'{key}={value}')}" for key, value in changes.items()]
    return " ".join([*words, "--seed", str(record.seed), "--data DIR --out RUN"])
