"""Warm start: a model that begins with the parameters of a run, and the encoder that both read with."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from mner_core.models.base import Model
from mner_core.run_record import must_be_trained, read_record
from mner_core.text.encoder import TextEncoder, load_text_encoder, text_encoder
from mner_core.training.plan import Plan
from mner_core.types import Example, InputError

PIECE_VECTORS = "words.encoder.embeddings.word_embeddings.weight"
"""The only parameter whose size depends on the training posts: a row for each piece."""


def encoder_for(slot: str, posts: Sequence[Example], start: Path | None) -> TextEncoder:
    """The text encoder of a profile's `text` slot over a vocabulary with every letter of the training posts.

    Pieces that the run to begin with has learnt keep their places.

    Raises:
        InputError: that run has another text encoder, or no weights.
    """
    encoder = text_encoder(slot)
    pieces = encoder.pieces
    if start:
        record = read_record(start)
        must_be_trained(record, start.name)
        if Plan.of_record(record).profile.text != slot:
            raise InputError(f"The run {start.name} cannot be started from: its text encoder is another one.")
        pieces = load_text_encoder(start / "encoder").pieces
    return encoder.reading(pieces.knowing([word for post in posts for word in post.words]))


def warm_start(model: Model, run: Path) -> int:
    """Copies every parameter of `run` that the model has under the same name and shape; returns how many.

    A tagger for other labels keeps its random start, and so do the vectors of pieces that the run does not know.
    """
    stored, own = load_file(run / "weights.safetensors"), model.state_dict()
    known = stored[PIECE_VECTORS]
    stored[PIECE_VECTORS] = torch.cat([known, own[PIECE_VECTORS][len(known) :]])
    fitting = {name: value for name, value in stored.items() if name in own and own[name].shape == value.shape}
    model.load_state_dict(fitting, strict=False)
    return len(fitting)
