"""Which objects a post's words speak of, with pictures that are made up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mner_core.catalog.profiles import profile
from mner_core.data.tokenize import tokenize
from mner_core.features.grounding import EncodedNames, Grounding, SpelledNames
from mner_core.features.image import REGIONS, ImageFeatures
from mner_core.home import Home
from mner_core.types import Example, ImageObject, InputError
from mner_core.weights.packages import weight_file

TINY = profile("tiny")


def example(text: str) -> Example:
    return Example(id="1", text=text, tokens=tokenize(text))


def picture(*labels: str, attributes: tuple[tuple[str, float], ...] = ()) -> ImageFeatures:
    return ImageFeatures(
        image_ok=True,
        grid=np.zeros((REGIONS, 4), np.float16),
        objects=tuple(ImageObject(label, (0, 0, 1, 1)) for label in labels),
        object_vectors=np.zeros((len(labels), 4), np.float16),
        attributes=attributes,
        caption="",
    )


class Shown:
    """What the pictures of posts show, by the posts' texts."""

    def __init__(self, seen: dict[str, ImageFeatures]) -> None:
        self.seen = seen

    def features(self, post: Example) -> ImageFeatures:
        return self.seen[post.text]


def joined(text: str, seen: ImageFeatures) -> dict[str, set[str]]:
    """Each word's objects."""
    post = example(text)
    found = Grounding(TINY, None).links(post, seen)
    assert found.joined.shape == found.likeness.shape == (len(post.tokens), len(seen.objects))
    assert (found.likeness[~found.joined] == 0).all()
    return {
        word: {thing.label for thing, is_joined in zip(seen.objects, row, strict=True) if is_joined}
        for word, row in zip(post.words, found.joined, strict=True)
    }


def test_a_phrase_is_joined_to_what_is_called_like_it_and_all_words_to_the_general_words_finds() -> None:
    general = ("person", "location", "organization", "miscellaneous")
    assert joined("my red bike at the old tower", picture("red bike", "tower", *general)) == {
        "my": set(general),
        "red": {"red bike", *general},
        "bike": {"red bike", *general},
        "at": set(general),
        "the": set(general),
        "old": {"tower", *general},
        "tower": {"tower", *general},
    }


def test_a_phrase_means_what_is_called_most_like_it_and_all_of_that() -> None:
    general = ("person", "location", "organization", "miscellaneous")
    assert joined("a red frame", picture("red frame", "frame", *general))["frame"] == {"red frame", *general}
    post, two = example("dogs and a dog"), picture("dog", "dog", *general)
    found = Grounding(TINY, None).links(post, two)
    assert found.joined[3, :2].all(), "no dog is more of a dog than the other"


def test_without_general_words_phrases_alone_are_joined() -> None:
    post, seen = example("my red bike at night"), picture("red bike", "person", "zebra")
    alone, usual = (Grounding(TINY, None, general=general).links(post, seen).joined for general in (False, True))
    assert {(int(word), int(thing)) for word, thing in np.argwhere(alone)} == {(1, 0), (2, 0)}
    assert usual.any(axis=1).all()


def test_every_general_word_finds_something() -> None:
    assert joined("nothing fits", picture("zebra")) == {"nothing": {"zebra"}, "fits": {"zebra"}}


def test_an_attribute_that_is_sure_stands_for_every_object() -> None:
    general = ("person", "location", "organization", "miscellaneous")
    seen = picture("cup", *general)
    assert joined("that espresso", seen)["espresso"] == set(general)
    sure = replace(seen, attributes=(("espresso", 0.9),))
    assert joined("that espresso", sure)["espresso"] == {"cup", *general}
    unsure = replace(seen, attributes=(("espresso", 0.2),))
    assert joined("that espresso", unsure)["espresso"] == set(general)


@pytest.mark.parametrize("text", ["nothing here", "", "北京 我们", "\u200d"])
def test_a_picture_without_objects_has_no_edges(text: str) -> None:
    found = Grounding(TINY, None).links(example(text), picture())
    assert found.joined.shape == (len(example(text).tokens), 0)


def test_a_sweep_changes_no_edge(tmp_path: Path) -> None:
    posts = [(example("my red bike"), picture("bike", "dog")), (example("北京 dog"), picture("dog", "cat"))]
    swept = Grounding(TINY, Home(tmp_path))
    swept.sweep([post for post, _ in posts], Shown({post.text: seen for post, seen in posts}))
    for post, seen in posts:
        one, other = swept.links(post, seen), Grounding(TINY, None).links(post, seen)
        assert (one.joined == other.joined).all()
        assert one.likeness == pytest.approx(other.likeness, abs=1e-6)


def test_spelled_names_are_unit_vectors_of_their_words() -> None:
    vectors = SpelledNames().vectors(["Red bike", "bike, RED", "tower", "...", "\ud83d"], None)
    assert vectors[0] @ vectors[1] == pytest.approx(1)
    assert abs(vectors[0] @ vectors[2]) < SpelledNames.threshold
    assert (vectors[3] == 0).all()


def test_encoded_names_know_meanings() -> None:
    try:
        weight_file("all-minilm-l6-v2")
    except InputError:
        pytest.skip("needs the weights of all-minilm-l6-v2")
    names = EncodedNames("all-minilm-l6-v2")
    puppies, dog, car, madrid = names.vectors(["puppies", "dog", "car", "Madrid"], None)
    assert puppies @ dog > names.threshold
    assert max(puppies @ car, madrid @ car, madrid @ dog) < names.threshold
