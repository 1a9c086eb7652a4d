"""Tag files: one word and its tag a line, posts apart by blank lines, `IMGID:` before a post that has a picture.

The text of such a post is its words joined by single spaces, also where a file has one character a word (CP-MNER): the
file does not say where spaces were, and offsets stay true to the text that is shown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mner_core.data.lines import FilePlace, Reading, Report, read_lines
from mner_core.files import write_whole
from mner_core.tags import Scheme, decode, encode
from mner_core.types import Example, InputError, Token

_HEADER = re.compile(r"IMGID *[:：]([^\t]*)")
_TAG = re.compile(r"O|X|[BIES]-.+|\[[A-Z]+\]|<[a-z]+>")  # the last two are marks that BERT scripts left in files


@dataclass(slots=True)
class _Block:
    """One post's lines: where it begins, the picture's name if there is a header, and each row's line and columns."""

    line: int
    image_name: str | None = None
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def read(file: Path, split: str = "") -> Reading:
    """The posts of a tag file; a line that is not as it should be is a `bad-line` and costs no other line.

    Tabs separate columns, or spaces on a line without a tab; the first column is the word, the last its tag, and the
    number of columns that most lines have is the right one. `tags` are the file's own (BIO2, BIOES or broken), `spans`
    what a lenient reader sees in them. A word without a tag, or with one of no scheme, counts as O. In a file without a
    single tag nobody has labelled the posts. A post without words is an `empty-post` and left out.

    Raises:
        InputError: the file cannot be opened.
    """
    lines, defects = read_lines(file)
    reading = Reading(defects=defects)
    blocks = _blocks(lines)
    width = _width([columns for block in blocks for _, columns in block.rows])
    for number, block in enumerate(blocks, 1):
        report = reading.reporter(file.name, block.line)
        if block.image_name == "":
            report("bad-line", "IMGID: names no picture; the post is read without one.")
        if not block.rows:
            report("empty-post", "The post has no words and is left out.")
            continue
        pairs = [_word_and_tag(columns, width, reading.reporter(file.name, line)) for line, columns in block.rows]
        text, tokens = join_words([word for word, _ in pairs])
        tags = tuple(tag for _, tag in pairs) if width > 1 else None
        example = Example(
            id=block.image_name or f"{file.stem}-{number}",
            text=text,
            tokens=tokens,
            spans=None if tags is None else tuple(decode(tags)),
            tags=tags,
            image_name=block.image_name or None,
            source=file.name,
            split=split,
        )
        reading.posts.append((example, FilePlace(file.name, block.line, tuple(line for line, _ in block.rows))))
    return reading


def write(examples: Iterable[Example], file: Path, scheme: Scheme | None = None) -> None:
    """Writes posts as a tag file, whole or not at all.

    Without a `scheme` a post keeps its own tags where it has some, and gets BIO2 otherwise. A post that nobody has
    labelled gets O, or only words where no post has labels.

    Raises:
        InputError: a word or a picture's name holds a tab, NUL or a line's end, or the file cannot be written.
    """
    examples = list(examples)
    labelled = any(example.spans is not None for example in examples)
    lines: list[str] = []
    for example in examples:
        for name in (*example.words, example.image_name or ""):
            if re.search(r"[\t\r\n\0]", name):
                raise InputError(f"Post {example.id}: {name!r} holds a tab, NUL or a line's end; write JSONL instead.")
        if example.image_name is not None:
            lines.append(f"IMGID:{example.image_name}")
        tags = tags_of(example, scheme)
        lines += [f"{word}\t{tag}" if labelled else word for word, tag in zip(example.words, tags, strict=True)]
        lines.append("")
    write_whole(file, "".join(f"{line}\n" for line in lines))


def tags_of(example: Example, scheme: Scheme | None = None) -> list[str]:
    """One tag a word: the file's own if kept and no scheme is asked for, else the spans encoded (BIO2 by default).

    Raises:
        InputError: spans overlap or end after the last word.
    """
    if example.tags is not None and scheme is None:
        return list(example.tags)
    return encode(example.spans or (), len(example.tokens), scheme or "BIO2")


def join_words(words: Sequence[str]) -> tuple[str, tuple[Token, ...]]:
    """The words joined by single spaces, and the tokens that they are in this text."""
    tokens: list[Token] = []
    start = 0
    for word in words:
        tokens.append(Token(word, start, start + len(word)))
        start += len(word) + 1
    return " ".join(words), tuple(tokens)


def _blocks(lines: Sequence[str]) -> list[_Block]:
    """The posts' lines. A header or a blank line ends a post; blank lines between a header and its words do not."""
    blocks: list[_Block] = []
    is_open = False
    for number, line in enumerate(lines, 1):
        if header := _HEADER.fullmatch(line.rstrip(" \t")):
            blocks.append(_Block(number, header[1].strip()))
            is_open = True
        elif not line.strip(" \t"):
            is_open = is_open and not blocks[-1].rows
        elif is_open or not line.startswith("-DOCSTART-"):
            if not is_open:
                blocks.append(_Block(number))
                is_open = True
            blocks[-1].rows.append((number, _columns(line)))
    return blocks


def _columns(line: str) -> list[str]:
    """A word that is blank or missing before its tag becomes a single space, so that it keeps its place."""
    line = line.rstrip(" \t")
    columns = [part.strip(" ") for part in line.split("\t")] if "\t" in line else re.split(" +", line)
    return [columns[0] or " ", *columns[1:]]


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many columns a good line has; 1 in a file without tags."""
    if not any(len(columns) > 1 and _TAG.fullmatch(columns[-1]) for columns in rows):
        return 1
    return Counter(len(columns) for columns in rows if len(columns) > 1).most_common(1)[0][0]


def _word_and_tag(columns: Sequence[str], width: int, report: Report) -> tuple[str, str]:
    """What a line says, and a report where that is not clear. Nothing of a broken line is lost from the text."""
    *before, tag = columns
    if len(columns) == width:
        if width > 1 and not _TAG.fullmatch(tag):
            report("bad-line", f"{tag!r} after {columns[0]!r} is no tag such as O, B-PER or I-PER; it counts as O.")
        return columns[0], tag
    if before and width > 1 and _TAG.fullmatch(tag):
        report("bad-line", f"Expected {width} columns, found {len(columns)}.")
        return " ".join(before[: max(1, len(columns) - width + 1)]), tag
    word = " ".join(columns)
    if width > 1:
        report("bad-line", f"There is no tag after {word!r}; it counts as O.")
    return word, "O"
