"""Columns that would be read as words or as types and are something else: such a file is refused."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

from mner_core.data.tag_columns import A_TEXT_A_ROW, Row
from mner_core.types import InputError

_PENN = (
    "CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP "
    "VBZ WDT WP WP$ WRB"
)
_UNIVERSAL = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
_PARTS_OF_SPEECH = frozenset([*_PENN.split(), *_UNIVERSAL.split()])
_PARTS = frozenset("BILUMESWＢＩ")
"""Letters of schemes, the last two as wide as ideographs."""
_GLUED = re.compile(r".[-./]\S+")


def must_hold_words(called: str, rows: Sequence[Row], word: int, tags: Collection[int]) -> None:
    """Refuses columns without names of which another one, beside those of tags, rather holds the words than `word`.

    Words are neither the name of a sentence, the same on most lines that follow each other, nor parts of speech, nor
    lemmas, which have lost the capitals that stand beside them.

    Raises:
        InputError: it is not clear which column holds the words.
    """
    chosen = [columns[word] for _, columns in rows]
    for place in range(len(rows[0][1])):
        if place != word and place not in tags and _is_rather_words([columns[place] for _, columns in rows], chosen):
            one, other = sorted((word + 1, place + 1))
            raise InputError(
                f"{called}, line {rows[0][0]}: it is not clear whether column {one} or column {other} holds the words; "
                'leave one of them, or name the columns in a first line, such as "word" and "tag".'
            )


def must_hold_no_texts(called: str, rows: Sequence[Row], word: int) -> None:
    """Refuses a table with a text and its class a row, which looks like a word and its bare type.

    Raises:
        InputError: most of the words are three or more.
    """
    texts = [number for number, columns in rows if len(columns[word].split()) > 2]
    if 2 * len(texts) > len(rows):
        raise InputError(f"{called}, line {texts[0]}: {A_TEXT_A_ROW}")


def must_say_types(called: str, line: int, types: Collection[str]) -> None:
    """Refuses types that are letters of a scheme alone, or in which such a letter is a part of the type (BPER, B.PER).

    Raises:
        InputError: a type called B, or two called BPER and IPER, would be made of the beginnings.
    """
    if not types or not {each[0].upper() for each in types} <= _PARTS:
        return
    said = ", ".join(sorted(types)[:3])
    if all(each.upper() in _PARTS for each in types):
        raise InputError(f"{called}, line {line}: the tags {said} name no type of entity; write B-PER and I-PER.")
    rests = Counter(each[1:] for each in types if each[1:])
    if max(rests.values()) > 1 or all(map(_GLUED.fullmatch, types)):
        raise InputError(
            f"{called}, line {line}: the tags {said} do not part beginning and type; write B-PER and I-PER."
        )


def _is_rather_words(other: Sequence[str], chosen: Sequence[str]) -> bool:
    if not _are_names(other) or _are_parts_of_speech(other):
        return False
    is_id = 0 < _repeats(chosen) > _repeats(other) and 2 * _repeats(chosen) >= len(chosen) - 1
    return is_id or _are_parts_of_speech(chosen) or _are_lemmas(chosen, other)


def _are_names(values: Sequence[str]) -> bool:
    """Whether at least half of the values have letters."""
    return 2 * sum(any(map(str.isalpha, value)) for value in values) >= len(values)


def _are_parts_of_speech(values: Sequence[str]) -> bool:
    named = {value for value in values if any(map(str.isalpha, value))}
    return bool(named) and named <= _PARTS_OF_SPEECH


def _are_lemmas(values: Sequence[str], words: Sequence[str]) -> bool:
    lowered = sum(value == word.lower() for value, word in zip(values, words, strict=True))
    has_capitals = [any(each != each.lower() for each in column) for column in (values, words)]
    return has_capitals == [False, True] and 2 * lowered >= len(values)


def _repeats(values: Sequence[str]) -> int:
    """On how many lines the line before says the same."""
    return sum(before == after for before, after in pairwise(values))
