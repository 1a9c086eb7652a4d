"""From a data set to a run: features, neighbours, training, the folder. What was interrupted goes on."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from mner_core.batches.batcher import Batcher
from mner_core.batches.gold import must_know
from mner_core.data.fingerprint import data_fingerprint, gold_fingerprint, pictures_found
from mner_core.evaluation.scoring import post_digest
from mner_core.files import publish_folder, together, write_whole
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.models.base import Model
from mner_core.run_record import RunRecord, read_record
from mner_core.text.encoder import TextEncoder
from mner_core.training.claim import claimed
from mner_core.training.fit import Epoch, Posts, fit, predict, processes_of_training
from mner_core.training.measure import epoch_rank, measure_run
from mner_core.training.model_inputs import ModelInputs, prepare_model_inputs
from mner_core.training.picture_means import picture_means, write_means
from mner_core.training.plan import OnProgress, Plan, build_batcher, build_model
from mner_core.training.run_parts import keep_parts
from mner_core.training.versions import machine_versions, program_record
from mner_core.training.warm_start import encoder_for, warm_start
from mner_core.types import Example, InputError, Prediction

if TYPE_CHECKING:
    from accelerate import PartialState


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """A training run as asked for.

    Args:
        plan: the system, its settings, labels and profile.
        train, dev: labelled posts; dev picks the epoch, without any the last one is kept; where its entities have boxes
            it also picks the threshold from which a predicted entity has one.
        others: posts of other splits, whose images join the pool `all`.
        data: the data set's name.
        seed: decides parameters, order and dropout.
        start: a run whose parameters it begins with.
        graph: the knowledge graph that came with the posts.
        left_out: how many posts of train nobody has labelled; only told of.
    """

    plan: Plan
    train: Sequence[Example]
    dev: Sequence[Example]
    others: Sequence[Example]
    data: str
    seed: int
    start: Path | None = None
    graph: Graph | None = None
    left_out: int = 0

    def identity(self) -> dict[str, Any]:
        """What two requests must share for one to go on where the other stopped."""
        return {
            "model": self.plan.system.name,
            "variant": self.plan.variant,
            "profile": self.plan.profile.name,
            "settings": asdict(self.plan.settings),
            "labels": list(self.plan.labels),
            "train": data_fingerprint(self.train),
            "dev": data_fingerprint(self.dev),
            "seed": self.seed,
            "start": read_record(self.start).weights if self.start else "",
            "graph": self.graph.fingerprint if self.graph and self.plan.needs.knowledge else "",
        }


def train(
    request: TrainingRequest,
    out: Path,
    home: Home,
    on_progress: OnProgress = lambda what, done, total: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> RunRecord:
    """Trains and writes the run's folder. An interrupted training into the same `out` goes on where it stopped.

    Started by torchrun, every process calls this; the first one owns the folder and the others help.

    Raises:
        InputError: `out` is taken, in use (BusyError) or unfinished otherwise; or a post's gold is unknown to the plan.
    """
    if out.exists():
        raise InputError(f"{out.name} exists already; choose another name for the run.")
    folder = out.with_name(f".{out.name}.unfinished")
    processes = processes_of_training()
    with claimed(folder, out, request.identity()) if processes.is_main_process else nullcontext():
        on_progress("preparing", 0, 1)
        torch.manual_seed(request.seed)  # a random encoder is drawn from the seed as well
        encoder = encoder_for(request.plan.profile.text, request.train, request.start)
        model_inputs = _inputs(request, folder, home, processes, on_progress)
        batcher = build_batcher(request.plan, encoder, model_inputs.providers)
        model = _new_model(request, encoder)
        posts = Posts(train=request.train, dev=request.dev)
        steps: Callable[[int, int], None] = lambda done, total: on_progress("training", done, total)  # noqa: E731
        epochs = []
        for epoch in fit(model, batcher, posts, request.plan.settings, request.seed, folder, steps):
            epochs.append(epoch)
            on_epoch(epoch)
        processes.wait_for_everyone()
        model.load_state_dict(load_file(folder / "best.safetensors"))
        predictions = _of_dev(request, model, batcher)
        record = _record(request, model_inputs, epochs, predictions, folder / "best.safetensors", batcher)
        processes.wait_for_everyone()
        if processes.is_main_process:
            _write(folder, record, encoder, request.dev, predictions)
            publish_folder(folder, out, folder.stat().st_mode)
    return record


def _inputs(
    request: TrainingRequest, folder: Path, home: Home, processes: "PartialState", on_progress: OnProgress
) -> ModelInputs:
    """What batches are made from; the run's folder receives what it retrieves from."""
    must_know(request.plan.labels, request.train)
    with together(home.filling):
        with processes.main_process_first():  # what the first one extracts, the others find in the cache
            found = prepare_model_inputs(
                request.plan, request.train, [*request.dev, *request.others], home, on_progress, request.graph
            )
        if processes.is_main_process:
            keep_parts(folder, found.pool, found.knowledge, home)
    if processes.is_main_process and found.providers.features is not None:
        write_means(folder, picture_means(request.train, found.providers.features))
    return found


def _new_model(request: TrainingRequest, encoder: TextEncoder) -> Model:
    """The model as training begins with it."""
    model = build_model(request.plan, encoder, request.seed)
    if request.start:
        warm_start(model, request.start)
    return model


def _of_dev(request: TrainingRequest, model: Model, batcher: Batcher) -> list[Prediction]:
    """What the model says of dev, with evidence where gold says places: it chooses from when on an entity has a box."""
    evidence = any(post.boxes for post in request.dev)
    return predict(model, batcher, request.dev, request.plan.settings.batch, evidence)


def _record(
    request: TrainingRequest,
    model_inputs: ModelInputs,
    epochs: Sequence[Epoch],
    predictions: Sequence[Prediction],
    weights: Path,
    batcher: Batcher,
) -> RunRecord:
    best = max(epochs, key=lambda epoch: epoch_rank(epoch.dev, epoch.number))
    with weights.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return RunRecord(
        model=request.plan.system.name,
        variant=request.plan.variant,
        profile=request.plan.profile.name,
        settings=asdict(request.plan.settings),
        seed=request.seed,
        labels=request.plan.labels,
        data=_data_record(request, batcher),
        trained_posts=tuple(post_digest(example) for example in request.train),
        pool=model_inputs.pool,
        knowledge=model_inputs.knowledge,
        started_from=read_record(request.start).weights if request.start else "",
        versions=machine_versions(),
        program=program_record(request.plan.system),
        dev=measure_run(request.dev, predictions, request.train),
        best_epoch=best.number,
        epochs=tuple(asdict(epoch) for epoch in epochs),
        weights=fingerprint,
        seconds=epochs[-1].seconds,
        created=time.time(),
    )


def _data_record(request: TrainingRequest, batcher: Batcher) -> dict[str, Any]:
    posts = [*request.train, *request.dev]
    return {
        "name": request.data,
        "fingerprint": data_fingerprint(posts),
        "gold": {"train": gold_fingerprint(request.train), "dev": gold_fingerprint(request.dev)},
        "train": len(request.train),
        "dev": len(request.dev),
        "left_out": request.left_out,
        "pictures_found": pictures_found(posts),
        "contexts_cut": batcher.contexts_cut(posts),
    }


def _write(
    folder: Path, record: RunRecord, encoder: TextEncoder, dev: Sequence[Example], predictions: Sequence[Prediction]
) -> None:
    """Completes the folder; the record comes last, so that a folder with one is whole."""
    (folder / "best.safetensors").rename(folder / "weights.safetensors")
    encoder.save(folder / "encoder")
    with (folder / "predictions.jsonl").open("w", encoding="utf-8") as file:
        for example, prediction in zip(dev, predictions, strict=True):
            file.write(json.dumps(prediction_record(example, prediction), ensure_ascii=False) + "\n")
    for leftover in ("checkpoint", "checkpoint.old", "checkpoint.new"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    (folder / "request.json").unlink()
    (folder / "lock").unlink()
    write_whole(folder / "run.json", json.dumps(record.to_json(), indent=1, ensure_ascii=False))


def prediction_record(example: Example, prediction: Prediction) -> dict[str, Any]:
    """A post as JSON with its predicted spans: word indices, code-point offsets, text, label, confidence.

    Words and picture stand beside them, so that the record is read as the very post that was predicted.
    """
    spans = [
        {
            "start": example.tokens[span.start].start,
            "end": example.tokens[span.end - 1].end,
            "words": [span.start, span.end],
            "text": example.span_text(span),
            "label": span.label,
            "confidence": round(confidence, 6),
        }
        for span, confidence in zip(prediction.spans, prediction.confidences, strict=True)
    ]
    tokens = [[token.start, token.end] for token in example.tokens]
    return {"id": example.id, "text": example.text, "spans": spans, "tokens": tokens, "image": example.image_name}
