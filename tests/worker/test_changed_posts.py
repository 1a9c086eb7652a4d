"""A word changed or removed: every offset behind it moves along, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError, Span
from worker.changed_posts import with_word

WORDS = ("Ann", "in", "Rome", "👩🏽‍🚀", "محمد", "故宫", "café", "@kim", "!")


def post(text: str) -> Example:
    return Example(id="p", text=text, tokens=tokenize(text), spans=(Span(0, 1, "PER"),))


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), st.data())
def test_all_other_words_stay_as_they_are(words: list[str], data: st.DataObject) -> None:
    before = post("  ".join(words))
    number = data.draw(st.integers(0, len(before.tokens) - 1))
    said = data.draw(st.sampled_from(("", "Bob", "New York", "🙂", *WORDS)))
    if not said and len(before.tokens) == 1:
        with pytest.raises(InputError, match="No word would be left"):
            with_word(before, number, said)
        return
    after = with_word(before, number, said)
    new = [token.text for token in tokenize(said)]
    assert list(after.words) == [*before.words[:number], *new, *before.words[number + 1 :]]
    assert all(after.text[token.start : token.end] == token.text for token in after.tokens)
    assert after.spans is None, "gold of another text is none"


def test_a_word_becomes_another_and_nothing_else_does() -> None:
    assert with_word(post("Ann met  Bob !"), 1, "saw").text == "Ann saw  Bob !"
    assert with_word(post("Ann met  Bob !"), 1, "").text == "Ann   Bob !"
