"""A stored run, ready to answer: `load(run).predict(text, image)` is all a third party needs."""

import random
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from mner_core.caches import read_kept, read_part, used
from mner_core.data.images import opens
from mner_core.data.tokenize import tokenize
from mner_core.device import device
from mner_core.features.shards import Shards
from mner_core.features.store import FeatureStore
from mner_core.files import whole_folder, write_whole
from mner_core.home import Home
from mner_core.models.base import Model
from mner_core.run_record import RunRecord, must_be_trained, read_record
from mner_core.text.encoder import load_text_encoder, text_encoder
from mner_core.training.fit import predict
from mner_core.training.model_card import CARD, model_card
from mner_core.training.model_inputs import load_providers
from mner_core.training.plan import Plan, build_batcher, build_model
from mner_core.training.run_parts import GRIDS, KNOWLEDGE, POOL, Grids, graph_of_run, pool_of_run
from mner_core.types import Example, InputError, Prediction

_AGAIN = "train or import the run again"


class Run:
    """A trained model with everything it needs around it.

    Args:
        folder: where the run lies.
        home: where caches and pools lie; the environment's where it is not given.
    """

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder = folder
        self.record: RunRecord = read_record(folder)
        must_be_trained(self.record, folder.name)
        self.plan = Plan.of_record(self.record)
        encoder = read_part(folder / "encoder", load_text_encoder, _AGAIN)
        providers = load_providers(folder, self.record, self.plan, home)
        self.features = providers.features if isinstance(providers.features, FeatureStore) else None
        self.batcher = build_batcher(self.plan, encoder, providers)
        self.model = build_model(self.plan, encoder, self.record.seed)
        self.model.load_state_dict(read_part(folder / "weights.safetensors", load_file, _AGAIN))
        self.model.eval().to(device())

    def predict(
        self,
        text: str,
        image: Path | None = None,
        evidence: bool = False,
        *,
        caption: str | None = None,
        context: str | None = None,
    ) -> tuple[Example, Prediction]:
        """What the run finds in one text and image; the Example says which words the spans count.

        A run that reads captions (`context = caption`) reads the `context` behind the text, else the `caption`, else
        what its own net says of the picture.

        Raises:
            InputError: the image does not exist.
        """
        if image is not None and not image.is_file():
            raise InputError(f"There is no picture {image.name}.")
        name = image.name if image else None
        example = Example(
            id="", text=text, tokens=tokenize(text), image=image, image_name=name, caption=caption, context=context
        )
        return example, self.predict_posts([example], evidence)[0]

    def untrained(self) -> Model:
        """The same model as training began with it: pretrained where the profile is, the rest drawn from the seed."""
        torch.manual_seed(self.record.seed)  # a random encoder is drawn from the seed as well
        encoder = text_encoder(self.plan.profile.text).reading(self.batcher.pieces)
        return build_model(self.plan, encoder, self.record.seed).eval().to(device())

    def predict_posts(self, examples: Sequence[Example], evidence: bool = False) -> list[Prediction]:
        """A prediction for each post, in order."""
        return predict(self.model, self.batcher, examples, self.plan.settings.batch, evidence)

    @property
    def box_threshold(self) -> float:
        """The share of its look from which an entity has a box; 0, so that all have one, where none was chosen."""
        return float(self.record.dev.get("box_threshold", 0.0))

    def contexts_cut(self, examples: Sequence[Example]) -> int:
        """Of how many posts the run does not read the whole caption or context."""
        return self.batcher.contexts_cut(examples)


def load(path: Path, home: Home | None = None) -> Run:
    """A run's folder, or the file that `export` made of one.

    Raises:
        InputError: there is no whole run, or its pool cannot be found.
    """
    home = home or Home.from_environment()
    if not path.is_file():
        return Run(path, home)
    folder = _unpacked(path, home)
    run = read_kept(folder, lambda folder: Run(folder, home))
    if run is None:  # the unpacked copy is damaged, or the file has always been
        shutil.rmtree(folder)
        run = Run(_unpacked(path, home), home)
    return run


def export(run: Path, out: Path, home: Home) -> int:
    """Packs the run's folder, its pool, its knowledge graph and a model card into one file; returns its size in bytes.

    Raises:
        InputError: there is no whole run, `out` exists, or pool or graph cannot be found.
    """
    record = read_record(run)
    if out.exists():
        raise InputError(f"{out.name} exists already; choose another name.")
    write_whole(out, lambda beside: _pack(run, record, beside, home))
    return out.stat().st_size


def without_images(examples: Sequence[Example]) -> list[Example]:
    """The same posts with no picture and nothing known of one."""
    return [replace(example, image=None, image_name=None, caption=None, objects=None) for example in examples]


def with_swapped_images(examples: Sequence[Example], seed: int = 0) -> list[Example]:
    """The same posts, those whose picture opens each with another such picture (and its caption and objects).

    One cycle through these posts in random order, so that nobody keeps its own; a single one loses it. A post whose
    picture is missing or broken stays as it is.
    """
    rows = [row for row, example in enumerate(examples) if opens(example.image)]
    random.Random(seed).shuffle(rows)
    swapped = list(examples)
    if len(rows) == 1:
        swapped[rows[0]] = without_images([examples[rows[0]]])[0]
        return swapped
    for row, giver in zip(rows, rows[1:] + rows[:1], strict=True):
        other = examples[giver]
        swapped[row] = replace(
            examples[row],
            image=other.image,
            image_name=other.image_name,
            caption=other.caption,
            objects=other.objects,
        )
    return swapped


def _pack(run: Path, record: RunRecord, out: Path, home: Home) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for file in sorted(run.rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(run).as_posix())
        if not (run / CARD).exists():
            packed.writestr(CARD, model_card(record, run.name))
        if record.pool and not (run / POOL / GRIDS).is_dir():
            _pack_pool(packed, run, record, home, out.with_name(f"{out.name}.grids"))
        if record.knowledge and not (run / KNOWLEDGE).is_dir():
            _pack_folder(packed, graph_of_run(run, record, home), KNOWLEDGE)


def _pack_pool(packed: zipfile.ZipFile, run: Path, record: RunRecord, home: Home, work: Path) -> None:
    """The pool, where the run's folder does not hold it, and the grids of its pictures."""
    pool, folder = pool_of_run(run, record, home)
    grids = Grids(FeatureStore(Plan.of_record(record).profile, home), home)
    try:
        shards = Shards(work)
        digests = list(dict.fromkeys(pool.image_digests))
        for start in range(0, len(digests), 256):
            shards.add({digest: grids.known(digest) for digest in digests[start : start + 256]})
        _pack_folder(packed, work, f"{POOL}/{GRIDS}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if folder != run / POOL:
        _pack_folder(packed, folder, POOL)


def _pack_folder(packed: zipfile.ZipFile, folder: Path, name: str) -> None:
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        packed.write(file, f"{name}/{file.relative_to(folder).as_posix()}")


def _unpacked(file: Path, home: Home) -> Path:
    """The folder in which an exported run lies unpacked; made once for each content."""
    try:
        with zipfile.ZipFile(file) as packed:
            state = file.stat()
            folder = home.root / "unpacked" / f"{file.stem}-{state.st_size}-{state.st_mtime_ns}"
            if not folder.is_dir():
                _unpack(packed, folder)
            used(folder)
    except (zipfile.BadZipFile, KeyError):
        raise InputError(f"{file.name} is no exported run; `export-run` makes one.") from None
    return folder


def _unpack(packed: zipfile.ZipFile, folder: Path) -> None:
    try:
        with whole_folder(folder) as work:
            packed.extractall(work)  # zipfile keeps every member below the folder
    except OSError as error:
        if not folder.is_dir():  # else another process has unpacked the same meanwhile
            raise InputError(f"Cannot unpack the run: {error.strerror or error}.") from error
