"""The noun phrases of a post as ranges of its own words: what UMGF looks for in the picture.

A phrase source sees the words as they were cut, never the text: no second tokenizer can disagree. What it found for a
text is kept below the home, so a set of posts is read once.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from mner_core.caches import LruCache, read_kept
from mner_core.files import write_whole
from mner_core.home import Home
from mner_core.weights.packages import weight_file

WordRange: TypeAlias = tuple[int, int]
"""First word and the word behind the last one."""

GENERAL = ("person", "location", "organization", "miscellaneous")
"""Words that stand for every post's unnamed things (UMGF, `my_grounding.py`)."""
REMEMBERED = 20_000
"""Posts whose phrases are remembered besides those of a sweep."""


class Chunker(Protocol):
    """Finds the noun phrases of posts."""

    version: str

    def chunks(self, posts: Sequence[Sequence[str]]) -> Iterator[tuple[WordRange, ...]]:
        """The phrases of each post, in the order of its words, none overlapping another."""
        ...


class Parsed:
    """Noun chunks of spaCy's small English model: tagger and parser only, its entity recogniser is never loaded.

    Text of other languages has few chunks or odd ones, and is never refused.
    """

    version = "en-core-web-sm/1"

    def chunks(self, posts: Sequence[Sequence[str]]) -> Iterator[tuple[WordRange, ...]]:
        """As `Chunker`."""
        from spacy.tokens import Doc  # three seconds: only where somebody asks for phrases

        parser = _parser(weight_file("en-core-web-sm"))
        docs = (Doc(parser.vocab, words=[_readable(word) for word in words]) for words in posts)
        for doc in parser.pipe(docs, batch_size=128):
            yield tuple((chunk.start, chunk.end) for chunk in doc.noun_chunks)


class CapitalRuns:
    """The tiny profile's phrases: runs of words with letters between function words; no weights needed."""

    version = "tiny-phrases/1"
    _FUNCTION_WORDS = frozenset(
        """a an the this that these those my your his her its our their i you he she it we they me him us them who what
        and or but so if as than of in on at by to for from with without into over under about after before up down out
        off is are was were be been am do does did has have had will would can could not no just very too again when
        where why how there here""".split()  # noqa: SIM905 (a list of a hundred quoted words says no more)
    )

    def chunks(self, posts: Sequence[Sequence[str]]) -> Iterator[tuple[WordRange, ...]]:
        """As `Chunker`."""
        for words in posts:
            runs = groupby(range(len(words)), key=lambda place, words=words: self._stands(words[place]))  # type: ignore[misc]
            ranges = [list(places) for stands, places in runs if stands]
            yield tuple((places[0], places[-1] + 1) for places in ranges)

    def _stands(self, word: str) -> bool:
        return any(letter.isalpha() for letter in word) and word.lower() not in self._FUNCTION_WORDS


_CHUNKERS: Mapping[str, type[Chunker]] = {"en-core-web-sm": Parsed, "tiny-phrases": CapitalRuns}


class NounPhrases:
    """The noun phrases of posts by the extractor that a profile's `phrases` slot names.

    Args:
        slot: the extractor.
        home: where what was found is kept; None keeps it for this object's life.
    """

    def __init__(self, slot: str, home: Home | None) -> None:
        self._chunker = _CHUNKERS[slot]()
        self._folder = home.features / f"phrases-{self._chunker.version.replace('/', '-')}" if home else None
        self._known: LruCache[str, tuple[WordRange, ...]] = LruCache(REMEMBERED)
        self._read: set[str] = set()

    def of(self, words: Sequence[str]) -> tuple[WordRange, ...]:
        """The phrases of one post; read now where no sweep has seen it, and then not kept on disk.

        Raises:
            InputError: it has to be read, and the weights are missing.
        """
        key = _key(words)
        return self._known.answers([key], lambda _: self._chunker.chunks([words]))[key]

    def sweep(
        self, posts: Sequence[Sequence[str]], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> None:
        """Reads all posts that nobody has read yet and keeps what was found.

        Raises:
            InputError: there are such posts, and the weights are missing.
        """
        self._refresh()
        missing = {_key(words): words for words in posts if _key(words) not in self._known}
        found: dict[str, tuple[WordRange, ...]] = {}
        for key, ranges in zip(missing, self._chunker.chunks(list(missing.values())), strict=True):
            found[key] = ranges
            progress(len(found), len(missing))
        self._known.add_for_good(found)
        if found and self._folder:
            _write(self._folder, found)

    def _refresh(self) -> None:
        """Learns what this or another process has kept."""
        for file in sorted(self._folder.glob("*.json")) if self._folder else ():
            if file.name in self._read:
                continue
            self._read.add(file.name)
            self._known.add_for_good(read_kept(file, _kept_phrases) or {})


def _key(words: Sequence[str]) -> str:
    return hashlib.sha256("\x00".join(words).encode(errors="surrogatepass")).hexdigest()[:32]


def _readable(word: str) -> str:
    """A word as spaCy's string store takes it: never blank, never half a character."""
    return word.encode(errors="replace").decode().strip() or "_"


def _kept_phrases(file: Path) -> dict[str, tuple[WordRange, ...]]:
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {key: tuple((int(start), int(end)) for start, end in ranges) for key, ranges in stored.items()}


def _write(folder: Path, found: Mapping[str, Sequence[WordRange]]) -> None:
    """One file a sweep, whole or not there; named by its posts, so that the same sweep twice is one file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{_key(sorted(found))}.json", json.dumps(found))


@functools.cache
def _parser(folder: Path) -> Any:
    """The process's one parser."""
    import spacy

    return spacy.load(folder, exclude=["ner", "lemmatizer", "senter"])
