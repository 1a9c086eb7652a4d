"""Plain text: every line is a post, without labels and without a picture."""

import re
from pathlib import Path

from mner_core.data.lines import Defect, read_lines
from mner_core.data.tag_headers import names_a_picture
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError

_TAGGED = re.compile(r".*\S[\t ]+(?:O|X|[BILUMESW][-_]\S+)\s*", re.IGNORECASE)
_COLUMNS = re.compile(r"[^\t]+\t[^\t]")
_SAMPLE = 1000


def is_plain_text(file: Path) -> bool:
    """Whether a file holds neither JSON lines nor words with tags nor words one a line, judged by its first lines.

    Raises:
        InputError: the file cannot be opened.
    """
    if file.suffix.lower() in {".jsonl", ".json", ".csv", ".tsv"}:
        return False
    lines = [line.strip() for line in read_lines(file)[0][:_SAMPLE]]
    filled = [line for line in lines if line]
    if not filled or any(names_a_picture(line) or line.startswith("-DOCSTART-") for line in filled):
        return False
    if 2 * sum(bool(_TAGGED.fullmatch(line) or _COLUMNS.match(line)) for line in filled) >= len(filled):
        return False
    is_a_word_a_line = "" in lines[: len(lines) - 1] and not any(re.search(r"\s", line) for line in filled)
    return not (filled[0].startswith("{") or is_a_word_a_line)


def read_plain_text(file: Path) -> tuple[list[Example], list[Defect]]:
    """A post for each line that is not blank, called by the file and the line's number, and what was wrong.

    Raises:
        InputError: the file cannot be opened, or has no words.
    """
    lines, defects = read_lines(file)
    posts = [
        Example(id=f"{file.stem}-{number}", text=line, tokens=tokenize(line), source=file.name, split=file.stem)
        for number, line in enumerate(lines, 1)
        if tokenize(line)
    ]
    if not posts:
        raise InputError(f"{file.name} holds no text; write a post a line.")
    return posts, defects
