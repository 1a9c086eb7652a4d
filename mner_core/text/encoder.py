"""Text encoders by profile: a tokenizer and a Transformer with the same face, pretrained or tiny and random."""

import json
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

import torch
from tokenizers import Tokenizer

from mner_core.text.bert import Bert, BertConfig
from mner_core.types import InputError
from mner_core.weights.hub import PUBLISHED, digits, weights_in
from mner_core.weights.packages import weight_file
from mner_core.weights.state import read_state, renamed

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
"""What Google's first BERTs call a layer norm's parameters."""


class WordPieces(Protocol):
    """Cuts words into the pieces an encoder knows."""

    cls: int
    sep: int
    number: int

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        ...

    def knowing(self, words: Sequence[str]) -> Self:
        """The same vocabulary with a new piece behind the old ones for each letter of `words` that it lacks."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what `load_pieces` needs into `folder`."""
        ...


class BertPieces:
    """The WordPiece tokenizer of a BERT: the text of its tokenizer.json."""

    def __init__(self, stored: str) -> None:
        self._tokenizer = Tokenizer.from_str(stored)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        marks = [self._tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")]
        if None in marks:
            raise InputError("The tokenizer.json has no [CLS] or [SEP]; it is not the tokenizer of a BERT.")
        self.cls, self.sep = (mark for mark in marks if mark is not None)
        self.number = self._tokenizer.get_vocab_size()

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        encoding = self._tokenizer.encode(list(words), is_pretokenized=True, add_special_tokens=False)
        of_word: list[list[int]] = [[] for _ in words]
        for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
            assert word is not None, "no special tokens were asked for"
            of_word[word].append(piece)
        return of_word

    def knowing(self, words: Sequence[str]) -> "BertPieces":
        """The same vocabulary with a new piece behind the old ones for each letter of `words` that it lacks.

        A word with such a letter would be [UNK], the same for all of them: of Chinese, more than half of a text.
        Emoji and other signs stay unknown: names are written in letters.
        """
        stored = json.loads(self._tokenizer.to_str())
        vocabulary: dict[str, int] = stored["model"]["vocab"]
        letters = {  # "##" is how WordPiece writes a piece that does not begin its part
            letter if place == 0 else f"##{letter}"
            for part in self._unknown(words)
            for place, letter in enumerate(part)
            if unicodedata.category(letter)[0] in "LMN"  # letters, the marks on them, numbers
        }
        # The order must not depend on the posts' order: equal posts give equal runs.
        for piece in sorted(letters - vocabulary.keys()):
            vocabulary[piece] = len(vocabulary)
        return BertPieces(json.dumps(stored))

    def _unknown(self, words: Sequence[str]) -> set[str]:
        """The parts of words, cut as the tokenizer cuts them, that are [UNK]."""
        cut, normalize = self._tokenizer.pre_tokenizer.pre_tokenize_str, self._tokenizer.normalizer.normalize_str
        parts = {part for word in set(words) for part, _ in cut(normalize(word))}
        unknown = self._tokenizer.model.unk_token
        return {part for part in parts if unknown in self._tokenizer.encode(part, add_special_tokens=False).tokens}

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json`."""
        self._tokenizer.save(str(folder / "tokenizer.json"))


class HashedPieces:
    """The tokenizer of the tiny profile: four characters a piece, hashed into a small vocabulary; nothing to store."""

    number = 2048
    cls = 1
    sep = 2

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The piece ids of each word; a word of invisible characters has none."""
        visible = ["".join(character for character in word.lower() if character.isprintable()) for word in words]
        return [[self._hash(word[i : i + 4]) for i in range(0, len(word.strip()), 4)] for word in visible]

    def _hash(self, piece: str) -> int:
        return 3 + zlib.crc32(piece.encode()) % (self.number - 3)

    def knowing(self, words: Sequence[str]) -> "HashedPieces":  # noqa: ARG002
        """Itself: a hash lacks nothing."""
        return self

    def save(self, folder: Path) -> None:
        """Nothing: the hash is the tokenizer."""


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer and the Transformer it feeds; `model.config` has hidden size and the longest input."""

    pieces: WordPieces
    model: Bert

    @property
    def width(self) -> int:
        """The hidden size."""
        return self.model.config.hidden_size

    def reading(self, pieces: WordPieces) -> "TextEncoder":
        """This encoder over a vocabulary that begins with its own: new pieces get random vectors, drawn by torch."""
        if pieces.number > self.pieces.number:
            self.model.resize_token_embeddings(pieces.number)
        return replace(self, pieces=pieces)

    def save(self, folder: Path) -> None:
        """Writes tokenizer and configuration; the weights are part of the run's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.pieces.save(folder)
        (folder / "config.json").write_text(json.dumps(self.model.config.to_json(), indent=1), encoding="utf-8")


def text_encoder(slot: str) -> TextEncoder:
    """The encoder that a profile's `text` slot names, with its weights; `tiny-text` is random from torch's seed.

    Raises:
        InputError: the weights cannot be had (the sentence says how to bring them by hand).
    """
    if slot == "tiny-text":
        config = BertConfig(
            vocab_size=HashedPieces.number,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=128,
        )
        return TextEncoder(HashedPieces(), Bert(config))
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
    config = BertConfig.from_json(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    tokenizer = folder / "tokenizer.json"
    with torch.random.fork_rng(devices=[]):
        model = Bert(config)
    pieces = BertPieces(tokenizer.read_text(encoding="utf-8")) if tokenizer.exists() else HashedPieces()
    return TextEncoder(pieces, model)
