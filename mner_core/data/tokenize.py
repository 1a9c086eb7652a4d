"""Words of a text that a person typed, and the way between character ranges and word spans.

Kept whole: @handles, #hashtags, URLs, addresses, numbers, U.S., hyphenated words, don't (but Trump + 's), emoji with
all that is joined to them, and letters with their combining marks. In scripts that put no spaces between words (Chinese
ideographs, kana, Thai, Lao, Khmer, Burmese) every letter with its marks is a token of its own, so that an entity may
begin and end at any of them; no dictionary decides.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from mner_core.types import InputError, Span, Token

_ZWJ = "\u200d"
_KEYCAP = "\u20e3"
_EMOJI = "\U0001f600"
# Zero-width joiner and non-joiner, soft hyphen and word joiner stand inside words as combining marks do.
_JOINERS = frozenset(f"{_ZWJ}\u200c\u00ad\u2060")

_STACKING = "\u1039\u17d2"  # Burmese virama and Khmer coeng: the next letter stands below this one
_NO_SPACES = (
    r"\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # ideographs
    r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f"  # kana
    r"\u0e01-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf"  # Thai, Lao
    r"\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    r"\u1000-\u103f\u1050-\u108f\u109a-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Burmese, Shan, Mon, Karen
)
_WORD = rf"[^\W{_NO_SPACES}]"  # a character of a word, in a script that parts words by spaces
_CLITIC = r"['’](?i:s|m|re|ve|ll|d)\b"
_NO_URL = r"\s<>\"“”‘’«»\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
# Counts are bounded where a pattern can fail late, so that 20,000 hostile characters still take linear time.
_TOKEN = re.compile(
    "|".join(
        (
            rf"(?i:https?://|www\.)[^{_NO_URL}]*[^{_NO_URL}.,:;!?')\]}}…]",
            r"(?<![\w@.-])(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,20}/[A-Za-z0-9/_~%&=?#+-]*",  # pic.twitter.com/x
            r"(?<![\w@.-])[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,20}",
            rf"(?<!\w)[@＠]{_WORD}+",
            r"(?<!\w)[#＃]\w+",
            rf"\d+(?:[.,:/]\d+)+{_WORD}*",
            r"(?:[A-Za-z]\.){2,}",
            rf"(?<=\w){_CLITIC}",
            rf"{_WORD}+(?:(?:(?!{_CLITIC})['’]|[-&]){_WORD}+)*",
            r"([!-/:-@\[-`{-~…。！？—])\1*",
            r"\S",
        )
    )
)


def tokenize(text: str) -> tuple[Token, ...]:
    """The text's tokens in order: they do not overlap, hold no space and leave out nothing else."""
    stand_ins, starts = _clusters(text)
    places = ((starts[match.start()], starts[match.end()]) for match in _TOKEN.finditer(stand_ins))
    return tuple(Token(text[start:end], start, end) for start, end in places)


def split_tokens(tokens: Sequence[Token], start: int, end: int) -> tuple[Token, ...]:
    """The same tokens, cut in two wherever the character range `start`..`end` begins or ends inside one."""
    pieces: list[Token] = []
    for token in tokens:
        borders = [token.start, *(cut for cut in (start, end) if token.start < cut < token.end), token.end]
        for left, right in pairwise(borders):
            if left < right:
                pieces.append(Token(token.text[left - token.start : right - token.start], left, right))
    return tuple(pieces)


def entity_at(tokens: Sequence[Token], start: int, end: int, label: str) -> Span:
    """The entity in the character range `start`..`end`, which may begin or end inside a token (`Span.chars`).

    What lies outside of tokens at the range's ends does not count.

    Raises:
        InputError: the range holds no part of a token.
    """
    inside = [word for word, token in enumerate(tokens) if token.start < end and start < token.end]
    if not inside:
        raise InputError(f"The range {start}..{end} holds no word; mark at least one.")
    first, last = tokens[inside[0]].start, tokens[inside[-1]].end
    is_whole = start <= first and last <= end
    return Span(inside[0], inside[-1] + 1, label, () if is_whole else (max(start, first), min(end, last)))


def character_offsets(tokens: Sequence[Token], span: Span) -> tuple[int, int]:
    """The character range of the entity, end exclusive: its own characters, or from its first token to its last.

    Raises:
        InputError: the span ends after the last token.
    """
    if span.end > len(tokens):
        raise InputError(f"The span {span.start}..{span.end} ends after the last of {len(tokens)} words.")
    if span.chars:
        return span.chars[0], span.chars[1]
    return tokens[span.start].start, tokens[span.end - 1].end


def _clusters(text: str) -> tuple[str, list[int]]:
    """One character for each thing that a reader sees as one, so that a regex sees them so too.

    Returns:
        The stand-ins, mostly the first code point of each cluster, and where each cluster begins; the last entry is the
        text's length.
    """
    stand_ins: list[str] = []
    starts: list[int] = []
    half_flag = False  # one regional indicator waits for its second
    for place, char in enumerate(text):
        attachable = bool(stand_ins) and not stand_ins[-1].isspace()
        if attachable and _extends(char):
            if char == _KEYCAP:
                stand_ins[-1] = _EMOJI
        elif attachable and _is_joined(char, text[place - 1], stand_ins[-1]):
            pass
        elif half_flag and _is_regional(char):
            half_flag = False
        else:
            stand_ins.append(char)
            starts.append(place)
            half_flag = _is_regional(char)
    return "".join(stand_ins), [*starts, len(text)]


def _is_joined(char: str, before: str, cluster: str) -> bool:
    """Whether the character just before it joins it to its cluster."""
    if before in _STACKING:
        return "\u1000" <= char <= "\u109f" or "\u1780" <= char <= "\u17ff"
    return before == _ZWJ and _is_symbol(cluster) and _is_symbol(char)


def _extends(char: str) -> bool:
    if char < "\u0300":
        return char == "\u00ad"
    if char in "\u0e33\u0eb3\uff9e\uff9f":  # vowels and voicing marks that follow their letter, by Unicode's UAX 29
        return True
    is_skin_tone, is_tag = "\U0001f3fb" <= char <= "\U0001f3ff", "\U000e0020" <= char <= "\U000e007f"
    return char in _JOINERS or is_skin_tone or is_tag or unicodedata.category(char).startswith("M")


def _is_symbol(char: str) -> bool:
    # Emoji newer than this Python's Unicode tables have no category yet.
    return "\U0001f000" <= char <= "\U0001faff" or unicodedata.category(char).startswith("S")


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
