"""Text from people and files, shown so that it harms nothing."""

import re
import unicodedata

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!:$|<>~^&=@/])")


_LINKS = re.compile(r"\\:(?=\\/)|www(?=\\\.)|\\@", re.IGNORECASE)
"""What makes Markdown turn an address into a link, escaped or not: an invisible character behind it prevents that."""


_MARKS = 3
"""Combining marks that a letter keeps where a text is quoted."""


_TURNING = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
"""Classes of characters that can turn what stands beside them around."""


def plain(text: str, longest: int = 300) -> str:
    """Text for places that read Markdown: every sign of it is shown as it is."""
    return _LINKS.sub("\\g<0>\u2060", _SPECIAL.sub(r"\\\1", quoted(text, marks=False, longest=longest)))


def quoted(text: str, marks: bool = True, longest: int = 60) -> str:
    """A short piece of a post, in quotation marks: one line, few combining marks, its direction kept to itself."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run <= _MARKS:
            kept.append(" " if char.isspace() else char)
        if len(kept) > longest:
            break
    shown = "".join(kept[:longest]) + ("…" if len(kept) > longest else "")
    if any(unicodedata.bidirectional(char) in _TURNING for char in shown):
        shown = f"\u2068{shown}\u2069"
    return f"“{shown}”" if marks else shown


def share(confidence: float) -> str:
    """A confidence as people write it: "93%", "<1%"."""
    percent = 100 * confidence
    return "<1%" if 0 < percent < 1 else f"{percent:.0f}%"
