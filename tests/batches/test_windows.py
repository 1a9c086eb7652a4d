"""Posts as inputs of the text encoder: windows, what is read behind a post, padding."""

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.batches.batcher import Batcher
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.batches.tokenizer_windows import MAX_CONTEXT, Windows
from mner_core.text.encoder import text_encoder
from tests.fakes import LABELS, FakeFeatures, post, settings_of


def context_batcher(longest: int) -> Batcher:
    """A plain batcher that reads captions, over an encoder with room for `longest` pieces."""
    providers = FeatureProviders(features=FakeFeatures())
    pieces = text_encoder("tiny-text").pieces
    return Batcher(settings_of("bert-crf", context="caption"), LABELS, pieces, longest, providers)


@pytest.mark.parametrize(("longest", "kept"), [(128, 32), (40, 10), (512, MAX_CONTEXT)])
def test_a_context_takes_at_most_a_quarter_of_the_input(longest: int, kept: int) -> None:
    """[CLS] post [SEP] context [SEP]: the post is segment 0 up to its [SEP], its context segment 1 and of no word."""
    example = replace(post(0, ["Rio", "wins"]), caption="abcd " * 300)
    made = context_batcher(longest)
    pieces = made.batch([example]).pieces
    own = sum(len(word) for word in made.pieces.pieces(example.words))
    assert pieces.segment[0].tolist() == [0] * (own + 2) + [1] * (kept + 1)
    assert bool(pieces.real.all())
    assert pieces.ids[0, 0] == made.pieces.cls
    assert pieces.ids[0, own + 1] == pieces.ids[0, -1] == made.pieces.sep
    assert pieces.word[0, [0, own + 1]].tolist() == [-1, -1]
    assert (pieces.word[0, own + 2 :] == -1).all()


def test_an_empty_caption_adds_nothing() -> None:
    example = replace(post(0, ["Rio", "wins"]), caption="")
    assert not context_batcher(128).batch([example]).pieces.segment.any()


def test_pieces_are_padded_to_the_longest_window_and_know_their_posts() -> None:
    posts = [post(0, ["abcd"]), post(1, ["abcd"] * 60), post(2, ["abcd", "efgh"])]
    made = Batcher(settings_of("bert-crf"), LABELS, text_encoder("tiny-text").pieces, 34, FeatureProviders())
    pieces = made.batch(posts).pieces
    assert pieces.post.tolist() == [0, 1, 1, 1, 2], "room for 32 pieces, a window begins every 16"
    assert pieces.real.sum(1).tolist() == [3, 34, 34, 30, 4]
    for window, row in enumerate(pieces.post.tolist()):
        words = pieces.word[window][pieces.word[window] >= 0]
        assert {word // 60 for word in words.tolist()} == {row}, "60 words: the batch's longest post"
        assert not pieces.ids[window][~pieces.real[window]].any()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(8, 40), st.sampled_from([0, 1, 5, 60]))
def test_windows_cover_the_post_overlap_by_half_and_none_is_too_many(
    lengths: list[int], longest: int, behind: int
) -> None:
    """Each piece stands for its word in the window whose nearer cut is furthest away, whatever is read behind it."""
    pieces = text_encoder("tiny-text").pieces
    words = ["abcd" * length or "\u200b" for length in lengths]
    windows = Windows(pieces, longest, "sum").of(words, "abcd " * behind)
    flat = [(piece, word) for word, of_word in enumerate(pieces.pieces(words)) for piece in of_word]
    context = min(behind, MAX_CONTEXT, longest // 4)
    room = longest - 2 - (context + 1 if behind else 0)
    step = room // 2
    number = 1 if len(flat) <= room else 1 + -(-(len(flat) - room) // step)
    assert len(windows) == number
    for place, window in enumerate(windows):
        inside = [piece for piece, _ in flat[place * step : place * step + room]]
        tail = [*window.ids[window.text_length : -1], window.ids[-1]] if behind else []
        assert window.ids == [pieces.cls, *inside, pieces.sep, *tail]
        assert len(tail) == (context + 1 if behind else 0)
        assert window.text_length == len(inside) + 2
        assert len(window.words) == len(window.ids) <= longest
    for at, (_, word) in enumerate(flat):
        margins = {}
        for place in range(number):
            inside_at = at - place * step
            if 0 <= inside_at < room:
                before = inside_at if place else len(flat)
                after = room - 1 - inside_at if place < number - 1 else len(flat)
                margins[place] = min(before, after)
        standing = [place for place in margins if windows[place].words[1 + at - place * step] != -1]
        assert len(standing) == 1
        assert standing[0] == max(margins, key=lambda place: margins[place]), "of equal ones the first"
        assert windows[standing[0]].words[1 + at - standing[0] * step] == word
    assert sum(index != -1 for window in windows for index in window.words) == len(flat)


@pytest.mark.parametrize(
    ("reads", "context", "caption", "extractor", "wanted"),
    [
        ("none", "said before", "a dog", True, ""),
        ("caption", "said before", "a dog", True, "said before"),
        ("caption", "", "a dog", True, ""),
        ("caption", None, "a dog", True, "a dog"),
        ("caption", None, "", True, ""),
        ("caption", None, None, True, "a made up thing"),
        ("caption", None, None, False, ""),
        ("caption", None, "a dog", False, "a dog"),
    ],
)
def test_what_is_read_behind_a_post_is_what_came_with_it(
    reads: Literal["none", "caption"], context: str | None, caption: str | None, extractor: bool, wanted: str
) -> None:
    """The context given with a post, else its caption, else what the extractor wrote; an empty one is given, too."""
    providers = FeatureProviders(features=FakeFeatures() if extractor else None)
    made = Batcher(settings_of("bert-crf", context=reads), LABELS, text_encoder("tiny-text").pieces, 128, providers)
    assert made.context(replace(post(0, ["Rio"]), context=context, caption=caption)) == wanted
