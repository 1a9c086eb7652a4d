"""Sentence vectors: the frozen text encoder's mean over a text's pieces, for retrieval."""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mner_core.caches import LruCache, kept
from mner_core.device import device
from mner_core.files import write_whole
from mner_core.home import Home
from mner_core.text.encoder import TextEncoder, encoder_version, text_encoder

VERSION = "mean-1"
LONGEST = 256
"""Pieces of a text that count for its vector; posts and captions are far shorter."""
BATCH = 64
REMEMBERED = 20_000
"""Phrases whose vectors are remembered besides those that were prepared; 1.5 KB each."""


def sentence_vectors(
    texts: Sequence[str],
    slot: str,
    home: Home | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Unit vectors [texts, width] from the encoder that a profile's `text` slot names; zero for a text without pieces.

    With a home, the vectors of one list of texts are computed once and read back afterwards.
    """
    if home is None:
        return _compute(texts, slot, progress)
    named = hashlib.sha256(
        "\x00".join([encoder_version(slot), VERSION, *texts]).encode(errors="surrogatepass")
    ).hexdigest()
    file = home.features / "sentences" / f"{named}.npy"
    return kept(
        file, lambda file: _read(file, len(texts)), lambda: _compute(texts, slot, progress), lambda v: _write(file, v)
    )


def _read(file: Path, texts: int) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = np.load(file, allow_pickle=False)
    if vectors.ndim != 2 or len(vectors) != texts:
        raise ValueError(f"it holds {vectors.shape} numbers for {texts} texts")
    return vectors


def _write(file: Path, vectors: NDArray[np.float32]) -> None:
    stored = io.BytesIO()
    np.save(stored, vectors, allow_pickle=False)
    write_whole(file, stored.getvalue())


@lru_cache(maxsize=2)
def frozen_encoder(slot: str) -> TextEncoder:
    """The encoder of a `text` slot, never trained; a random one is the same in every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = text_encoder(slot)
    encoder.model.eval().requires_grad_(False).to(device())
    return encoder


def _compute(
    texts: Sequence[str], slot: str, progress: Callable[[int, int], None] | None = None
) -> NDArray[np.float32]:
    encoder = frozen_encoder(slot)
    longest = min(LONGEST, encoder.model.config.max_position_embeddings) - 2
    pieces = [[piece for word in encoder.pieces.pieces(text.split()) for piece in word][:longest] for text in texts]
    vectors = np.zeros((len(texts), encoder.width), np.float32)
    rows = sorted((row for row, of_text in enumerate(pieces) if of_text), key=lambda row: len(pieces[row]))
    for start in range(0, len(rows), BATCH):
        chosen = rows[start : start + BATCH]
        vectors[chosen] = _mean_states(encoder, [pieces[row] for row in chosen])
        if progress:
            progress(min(start + BATCH, len(rows)), len(rows))
    return vectors


@torch.inference_mode()
def _mean_states(encoder: TextEncoder, pieces: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Unit mean over [CLS], the pieces and [SEP], as the encoder was trained to be read."""
    length = max(map(len, pieces)) + 2
    ids = torch.zeros(len(pieces), length, dtype=torch.long)
    real = torch.zeros(len(pieces), length, dtype=torch.bool)
    for row, of_text in enumerate(pieces):
        ids[row, : len(of_text) + 2] = torch.tensor([encoder.pieces.cls, *of_text, encoder.pieces.sep])
        real[row, : len(of_text) + 2] = True
    ids, real = ids.to(device()), real.to(device())
    states = encoder.model(input_ids=ids, attention_mask=real).last_hidden_state
    mean = (states * real.unsqueeze(-1)).sum(dim=1) / real.sum(dim=1, keepdim=True)
    unit: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
    return unit


class PhraseVectors:
    """Phrases as sentence vectors of a profile's frozen text encoder, each computed once in a process.

    A trainable table would know nothing of most of ImageNet's thousand names after a few thousand posts; these vectors
    know that an espresso is like a cup before the first one (ours; the paper's word vectors know that as well).
    """

    def __init__(self, slot: str) -> None:
        self._slot = slot
        self._known: LruCache[str, NDArray[np.float32]] = LruCache(REMEMBERED)

    @property
    def width(self) -> int:
        """The length of a vector: the encoder's hidden size."""
        return frozen_encoder(self._slot).width

    def vectors(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [phrases, width]; zero for a phrase without pieces."""
        if not phrases:
            return np.zeros((0, self.width), np.float32)
        known = self._known.answers(sorted(set(phrases)), self._computed)
        return np.stack([known[phrase] for phrase in phrases])

    def prepare(self, phrases: Iterable[str]) -> None:
        """Computes the vectors of many phrases at once."""
        new = sorted(phrase for phrase in set(phrases) if phrase not in self._known)
        self._known.add_for_good(dict(zip(new, self._computed(new), strict=True)))

    def _computed(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        return sentence_vectors(phrases, self._slot)
