"""Text encoders by profile: a tokenizer and a Transformer with the same face, pretrained or tiny and random."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel
from transformers.utils import logging as transformers_logging

from mner_core.features.paper.published import PUBLISHED, digits, weights_in
from mner_core.features.paper.state import read_state, renamed
from mner_core.features.weights import weight_file
from mner_core.types import InputError

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
"""What Google's first BERTs call a layer norm's parameters."""

transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


class WordPieces(Protocol):
    """Cuts words into the pieces an encoder knows."""

    cls: int
    sep: int

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what `load_pieces` needs into `folder`."""
        ...


class BertPieces:
    """The WordPiece tokenizer of a BERT, read from its tokenizer.json."""

    def __init__(self, file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        marks = [self._tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")]
        if None in marks:
            raise InputError(f"{file.name} has no [CLS] or [SEP]; it is not the tokenizer of a BERT.")
        self.cls, self.sep = (mark for mark in marks if mark is not None)

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        encoding = self._tokenizer.encode(list(words), is_pretokenized=True, add_special_tokens=False)
        of_word: list[list[int]] = [[] for _ in words]
        for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
            assert word is not None, "no special tokens were asked for"
            of_word[word].append(piece)
        return of_word

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json`."""
        self._tokenizer.save(str(folder / "tokenizer.json"))


class HashedPieces:
    """The tokenizer of the tiny profile: four characters a piece, hashed into a small vocabulary; nothing to store."""

    vocabulary = 2048
    cls = 1
    sep = 2

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        visible = ["".join(character for character in word.lower() if character.isprintable()) for word in words]
        return [[self._hash(word[i : i + 4]) for i in range(0, len(word.strip()), 4)] for word in visible]

    def _hash(self, piece: str) -> int:
        return 3 + zlib.crc32(piece.encode()) % (self.vocabulary - 3)

    def save(self, folder: Path) -> None:
        """Nothing: the hash is the tokenizer."""


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer and the Transformer it feeds; `model.config` has hidden size and the longest input."""

    pieces: WordPieces
    model: BertModel

    @property
    def width(self) -> int:
        """The hidden size."""
        width: int = self.model.config.hidden_size
        return width

    def save(self, folder: Path) -> None:
        """Writes tokenizer and configuration; the weights are part of the run's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.pieces.save(folder)
        (folder / "config.json").write_text(json.dumps(self.model.config.to_diff_dict(), indent=1), encoding="utf-8")


def text_encoder(slot: str) -> TextEncoder:
    """The encoder that a profile's `text` slot names, with its weights; `tiny-text` is random from torch's seed.

    Raises:
        InputError: the weights cannot be had (the sentence says how to bring them by hand).
    """
    if slot == "tiny-text":
        config = BertConfig(
            vocab_size=HashedPieces.vocabulary,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=128,
        )
        return TextEncoder(HashedPieces(), BertModel(config, add_pooling_layer=False))
    folder = weight_file(slot)
    encoder = load_text_encoder(folder)
    state = read_state(weights_in(slot, folder) if slot in PUBLISHED else folder / "model.safetensors")
    weights = {name.removeprefix("bert."): value for name, value in renamed(state, _OLD_NAMES).items()}
    missing = encoder.model.load_state_dict(weights, strict=False).missing_keys
    if missing:
        raise InputError(f"The text weights in {folder.name} lack {missing[0]} and {len(missing) - 1} more parameters.")
    return encoder


def encoder_version(slot: str) -> str:
    """What an encoder is called in the keys of what it made; published weights may be other ones."""
    return f"{slot}/{digits(slot)}" if slot in PUBLISHED else slot


def load_text_encoder(folder: Path) -> TextEncoder:
    """What `TextEncoder.save` wrote, or a model folder of transformers; its parameters are not loaded here."""
    config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    tokenizer = folder / "tokenizer.json"
    with torch.random.fork_rng(devices=[]):
        model = BertModel(config, add_pooling_layer=False)
    return TextEncoder(BertPieces(tokenizer) if tokenizer.exists() else HashedPieces(), model)
