"""Posts for the tests of this folder: built by hand from a line of text, or drawn by hypothesis."""

from hypothesis import strategies as st

from mner_core.tags import decode, tag_set
from mner_core.types import Example, Span, Token

LABELS = ("PER", "LOC", "ORG")


def post(text: str, spans: list[Span] | None = None, tags: list[str] | None = None, **fields: object) -> Example:
    """A post of the words of `text`; its spans are given, or read leniently from `tags`."""
    tokens, start = [], 0
    for word in text.split(" "):
        tokens.append(Token(word, start, start + len(word)))
        start += len(word) + 1
    if tags is not None:
        spans = decode(tags)
    gold = None if spans is None else tuple(spans)
    kept = None if tags is None else tuple(tags)
    return Example(**{"id": text, "text": text, "tokens": tuple(tokens), "spans": gold, "tags": kept} | fields)  # type: ignore[arg-type]


def tag_lists(num_words: int, scheme: str = "BIO2") -> st.SearchStrategy[list[str]]:
    """Any tags at all, orphans included."""
    return st.lists(st.sampled_from(tag_set(LABELS, scheme)), min_size=num_words, max_size=num_words)  # type: ignore[arg-type]


@st.composite
def tagged_splits(draw: st.DrawFn, scheme: str = "BIO2") -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags of the same few posts."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=5))
    gold = [draw(tag_lists(length, scheme)) for length in lengths]
    noise = st.booleans()
    predicted = [list(tags) if draw(noise) else draw(tag_lists(len(tags), scheme)) for tags in gold]
    return gold, predicted


def split_of(tags: list[list[str]]) -> list[Example]:
    """Posts w0 w1 ... that carry these tags."""
    return [post(" ".join(f"w{i}" for i in range(len(row))), tags=row, id=f"p{n}") for n, row in enumerate(tags)]
