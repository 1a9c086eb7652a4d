"""Tag files: one word and its tag a line, posts apart by blank lines, `IMGID:` before a post that has a picture.

The text of such a post is its words joined by single spaces, also where a file has one character a word (CP-MNER): the
file does not say where spaces were, and offsets stay true to the text that is shown.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile
from pathlib import Path, PurePath

from mner_core.data.lines import AS_OUTSIDE, FilePlace, Reading, Report, lines_of, read_bytes
from mner_core.data.tag_columns import OF_CSV, as_tabs
from mner_core.data.tag_headers import COMMENT, DOCUMENT, header_of
from mner_core.data.tag_layout import Layout, recognise
from mner_core.data.tag_schemes import in_one_scheme, mixed_letters
from mner_core.data.tokenize import tokenize
from mner_core.files import write_whole
from mner_core.tags import Scheme, decode, encode
from mner_core.types import Example, InputError, Token


@dataclass(slots=True)
class _Block:
    """One post's lines: where it begins, the picture's name if there is a header, and its lines with their numbers."""

    line: int
    image_name: str | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)

    def without_comments(self) -> list[tuple[int, str]]:
        """The lines, without those at the beginning that may be comments."""
        return list(dropwhile(lambda numbered: COMMENT.fullmatch(numbered[1]), self.lines)) or self.lines

    def is_document_mark(self) -> bool:
        """Whether the block is CoNLL's mark between documents."""
        return self.image_name is None and len(self.lines) == 1 and bool(DOCUMENT.fullmatch(self.lines[0][1]))


def read(file: Path, split: str = "") -> Reading:
    """The posts of a tag file; a line that is not as it should be is a `bad-line` and costs no other line.

    `tag_layout` recognises the columns and how tags are written. `tags` are the file's own in BIO2 or BIOES (or
    broken), `spans` what a lenient reader sees in them. A word without a tag, or with one of no scheme, counts as O,
    and its post is `unclear`; a post of several words without a single tag is not labelled. Where the file has raw
    texts rather than words, each line is a post. A post without words is an `empty-post` and left out.

    Raises:
        InputError: the file cannot be opened, or it is not clear what its columns mean.
    """
    return _parse(read_bytes(file), file.name, split)


def write(examples: Iterable[Example], file: Path, scheme: Scheme | None = None) -> None:
    """Writes posts as a tag file, whole or not at all: words, tags and pictures' names come back as they were.

    Without a `scheme` a post keeps its own tags where it has some, and gets the scheme of the others (BIO2 where none
    has tags) otherwise. A post that nobody has
    labelled is written as words alone; one without words is an `empty-post` to the reader. Spaces of the text, captions
    and objects are nothing that a tag file can say.

    Raises:
        InputError: a post would be read as something else (a word holds a line's end, or looks like a header), or the
            file cannot be written.
    """
    examples = list(examples) if scheme else in_one_scheme(list(examples))
    lines: list[str] = []
    for example in examples:
        for name in (*example.words, example.image_name or ""):
            if re.search(r"[\t\r\n\0]", name):
                raise InputError(f"Post {example.id}: {name!r} holds a tab, NUL or a line's end; write JSONL instead.")
        if example.image_name is not None:
            lines.append(f"IMGID:{example.image_name}")
        tags = None if example.spans is None else tags_of(example, scheme)
        rows = zip(example.words, tags, strict=True) if tags is not None else ((word,) for word in example.words)
        lines += ["\t".join(row) for row in rows] + [""]
    content = "".join(f"{line}\n" for line in lines)
    _must_come_back(examples, content.encode(errors="replace"), file.name, scheme)
    write_whole(file, content)


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


def _must_come_back(posts: Sequence[Example], content: bytes, called: str, scheme: Scheme | None) -> None:
    """Refuses posts that the reader would take for something else."""

    def said(post: Example, tags: Sequence[str] | None) -> tuple[object, ...]:
        return post.words, post.image_name, tags and tuple(tags)

    try:
        found = [said(post, post.tags) for post, _ in _parse(content, called, "").posts]
    except InputError:
        found = []
    for place, post in enumerate(post for post in posts if post.tokens):
        if place >= len(found) or found[place] != said(post, None if post.spans is None else tags_of(post, scheme)):
            raise InputError(
                f"Post {post.id} cannot be written as a tag file: its words, or its picture's name, would be read as "
                "something else (a header, a comment, a blank line); write JSONL instead."
            )


def _parse(content: bytes, called: str, split: str) -> Reading:
    """The posts that a tag file's bytes hold."""
    lines, defects = lines_of(content, called)
    reading = Reading(defects=defects)
    blocks, layout = _laid_out(called, lines)
    if layout.separator in OF_CSV:
        lines = [as_tabs(line, layout.separator, layout.width) for line in lines]
        blocks, layout = _laid_out(called, lines)
    if layout.nested:
        reading.reporter(called, None)("nested-entities", "Entities inside entities are left out; the outer ones stay.")
    for number, block in enumerate(_posts(blocks, layout), 1):
        report = reading.reporter(called, block.line)
        if block.image_name == "":
            report("bad-line", "IMGID: names no picture; the post is read without one.")
        if not block.lines:
            report("empty-post", "The post has no words and is left out.")
            continue
        example = _example(block, layout, lambda line: reading.reporter(called, line))
        name = block.image_name or f"{PurePath(called).stem}-{number}"
        example = replace(
            example, id=name, image_name=block.image_name or None, source=called, split=split, has_own_id=False
        )
        places = tuple(line for line, _ in block.lines)
        if layout.is_text:
            places = (block.line,) * len(example.tokens)
        reading.posts.append((example, FilePlace(called, block.line, places)))
    reading.unclear = _unclear(reading)
    lines_of_words = (line for block in blocks for line in block.lines)
    reading.defects += mixed_letters(called, layout, lines_of_words)
    return reading


def _laid_out(called: str, lines: Sequence[str]) -> tuple[list[_Block], Layout]:
    """The posts' lines and how they are to be read."""
    blocks = _blocks(lines)
    return blocks, recognise(called, [words for block in blocks if (words := block.without_comments())])


def _unclear(reading: Reading) -> set[int]:
    """The posts with a word whose tag could not be read."""
    lines = {defect.line for defect in reading.defects if defect.detail.endswith(f"{AS_OUTSIDE}.")}
    return {number for number, (_, place) in enumerate(reading.posts) if lines and not lines.isdisjoint(place.words)}


def _blocks(lines: Sequence[str]) -> list[_Block]:
    """The posts' lines. A header or a blank line ends a post; blank lines between a header and its words do not.

    A post of `-DOCSTART-` alone is CoNLL's mark of a document.
    """
    header = header_of(lines)
    blocks: list[_Block] = []
    is_open = False
    for number, line in enumerate(lines, 1):
        if found := header.fullmatch(line.rstrip(" \t")):
            blocks.append(_Block(number, found[1].strip()))
            is_open = True
        elif not line.strip(" \t"):
            is_open = is_open and not blocks[-1].lines
        else:
            if not is_open:
                blocks.append(_Block(number))
                is_open = True
            blocks[-1].lines.append((number, line))
    return [block for block in blocks if not block.is_document_mark()]


def _posts(blocks: Sequence[_Block], layout: Layout) -> Iterator[_Block]:
    """The blocks without comments and without the names of columns; of raw texts without headers each line is one."""
    for place, block in enumerate(blocks):
        begin = 0
        while begin < len(block.lines) and COMMENT.fullmatch(line := block.lines[begin][1]):
            if layout.is_good(layout.columns(line)):
                break
            begin += 1
        lines = block.lines[begin:]
        if lines and not place and layout.names_columns(layout.columns(lines[0][1])):
            lines = lines[1:]
        if block.lines and not lines and block.image_name is None:
            continue
        parts = layout.posts(lines) if block.image_name is None else [lines]
        yield from (_Block(part[0][0] if part is not lines else block.line, block.image_name, part) for part in parts)


def _example(block: _Block, layout: Layout, report_at: Callable[[int], Report]) -> Example:
    """The post of a block, without its name."""
    if layout.is_text:
        text = " ".join(line.strip() for _, line in block.lines)
        return Example(id="", text=text, tokens=tokenize(text), spans=None)
    is_one = layout.width > 1 and len(block.lines) == 1  # a single line without its tag is a broken one
    if not is_one and all(layout.is_untagged(line) for _, line in block.lines):
        text, tokens = join_words([line.strip(" \t") for _, line in block.lines])
        return Example(id="", text=text, tokens=tokens, spans=None)
    pairs = [_word_and_tag(layout.columns(line), layout, report_at(number)) for number, line in block.lines]
    text, tokens = join_words([word for word, _ in pairs])
    tags = tuple(tag for _, tag in pairs)
    return Example(id="", text=text, tokens=tokens, spans=tuple(decode(tags)), tags=tags)


def _word_and_tag(columns: Sequence[str], layout: Layout, report: Report) -> tuple[str, str]:
    """What a line says, and a report where that is not clear. Nothing of a broken line is lost from the text."""
    if len(columns) == layout.width:
        word, tag = columns[layout.word], columns[layout.tag]
        if (known := layout.as_tag(tag)) is None:
            report("bad-line", f"{tag!r} after {word!r} is no tag such as O, B-PER or I-PER; {AS_OUTSIDE}.")
        return word, tag if known is None else known
    *before, last = columns
    tag_of_last = layout.as_tag(last) if layout.tag == layout.width - 1 else None
    if before and tag_of_last is not None:
        report("bad-line", f"Expected {layout.width} columns, found {len(columns)}.")
        return " ".join(before[: max(1, len(columns) - layout.width + 1)]), tag_of_last
    word = " ".join(columns)
    report("bad-line", f"There is no tag after {word!r}; {AS_OUTSIDE}.")
    return word, "O"
