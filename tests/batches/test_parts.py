"""Each part of a batch says of each post what its provider says, and nothing where a post is padded."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

from mner_core.batches.picture_parts import class_row, neighbour_part
from mner_core.batches.tensors import MAX_CHARACTERS, NUM_CLASSES, Batch
from mner_core.batches.words import character_ids, word_shape
from mner_core.features.image import REGIONS
from mner_core.tags import Scheme, encode, tag_set
from mner_core.types import Example, InputError, Span
from tests.fakes import (
    LABELS,
    FakeFeatures,
    FakeGrounding,
    FakeKnowledge,
    FakeNeighbourhood,
    FakePhrases,
    make_batcher,
    post,
    random_posts,
    settings_of,
)

POSTS = [*random_posts(14), post(14, ["no", "picture"], image=None)]


def batch_of(name: str, posts: list[Example] = POSTS) -> Batch:
    return make_batcher(name, settings_of(name)).batch(posts)


def numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.numpy()


def test_objects_are_those_of_each_posts_picture() -> None:
    part = batch_of("hamlearning").objects
    assert part is not None
    most = 0
    for row, example in enumerate(POSTS):
        picture = FakeFeatures().features(example)
        count = len(picture.objects)
        most = max(most, count)
        assert part.real[row].tolist() == [place < count for place in range(part.real.shape[1])]
        np.testing.assert_allclose(numpy := numbers(part.vectors[row]), _padded(picture.object_vectors, numpy.shape))
        np.testing.assert_allclose(
            numbers(part.boxes[row, :count]), np.reshape([seen.box for seen in picture.objects], (-1, 4)), rtol=1e-6
        )
        assert part.classes[row, :count].tolist() == [class_row(seen.label) for seen in picture.objects]
        assert not part.boxes[row, count:].any()
        assert not part.classes[row, count:].any()
        assert float(part.aspect[row]) == pytest.approx(picture.aspect)
    assert part.real.shape[1] == most == 3, "padded to the batch's own longest"


def _padded(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    wide = np.zeros(shape, np.float32)
    wide[: len(rows)] = rows
    return wide


def test_the_grid_and_whether_there_is_a_picture_are_the_posts_own() -> None:
    part = batch_of("gei").grid
    assert part is not None
    assert part.ok.tolist() == [example.image_name is not None for example in POSTS]
    for row, example in enumerate(POSTS):
        np.testing.assert_array_equal(numbers(part.regions[row]), FakeFeatures().features(example).grid)


def test_attributes_are_the_vectors_of_their_names_in_order() -> None:
    part = batch_of("iaik").attributes
    assert part is not None
    for row, example in enumerate(POSTS):
        names = [name for name, _ in FakeFeatures().features(example).attributes]
        assert part.real[row].tolist() == [place < len(names) for place in range(part.real.shape[1])]
        wanted = _padded(FakePhrases().vectors(names), tuple(part.vectors[row].shape))
        np.testing.assert_array_equal(numbers(part.vectors[row]), wanted)


def test_knowledge_is_the_vector_of_what_the_entity_is() -> None:
    part = batch_of("iaik").knowledge
    assert part is not None
    wanted = [FakeKnowledge().of(example, FakeFeatures().features(example)) for example in POSTS]
    assert part.found == tuple(wanted)
    assert part.real.tolist() == [each is not None for each in wanted]
    assert 0 < sum(part.real.tolist()) < len(POSTS)
    for row, each in enumerate(wanted):
        vector = FakePhrases().vectors([each.tail])[0] if each else np.zeros(FakePhrases.width)
        np.testing.assert_array_equal(numbers(part.vectors[row]), vector)


def test_neighbours_come_best_first_with_their_cosine_and_grid() -> None:
    batch, source = batch_of("rgcn"), FakeNeighbourhood(5)
    kinds = (
        (batch.text_neighbours, source.of_text(POSTS)),
        (batch.image_neighbours, source.of_image(POSTS, batch.pictures)),
    )
    for part, of_posts in kinds:
        assert part is not None
        for row, wanted in enumerate(of_posts):
            count = len(wanted)
            assert list(part.posts[row]) == wanted
            assert part.real[row].tolist() == [place < count for place in range(part.real.shape[1])]
            np.testing.assert_allclose(numbers(part.cosine[row, :count]), [each.score for each in wanted], rtol=1e-6)
            for place, neighbour in enumerate(wanted):
                np.testing.assert_array_equal(numbers(part.regions[row, place]), source.grid(neighbour))
            assert not part.cosine[row, count:].any()
            assert not part.regions[row, count:].any()


@pytest.mark.parametrize("number", [1, 2])
def test_neighbours_of_a_single_post_are_those_that_it_has_in_a_batch(number: int) -> None:
    source, pictures = FakeNeighbourhood(5), [FakeFeatures().features(post) for post in POSTS[:number]]
    of_posts = source.of_text(POSTS[:number])
    part = neighbour_part(source, of_posts, pictures)
    assert part.regions.shape == (number, max(map(len, of_posts)), REGIONS, pictures[0].grid.shape[1])
    assert part.posts == tuple(map(tuple, of_posts))
    for row, neighbours in enumerate(of_posts):
        for place, neighbour in enumerate(neighbours):
            np.testing.assert_array_equal(numbers(part.regions[row, place]), source.grid(neighbour))


def test_links_join_the_words_and_objects_of_one_post() -> None:
    part = batch_of("umgf").links
    assert part is not None
    for row, example in enumerate(POSTS):
        found = FakeGrounding().links(example, FakeFeatures().features(example))
        words, objects = found.joined.shape
        np.testing.assert_array_equal(numbers(part.joined[row, :words, :objects]), found.joined)
        np.testing.assert_array_equal(numbers(part.likeness[row, :words, :objects]), found.likeness)
        assert int(part.joined[row].sum()) == found.joined.sum(), "none in the padding"


@pytest.mark.parametrize("scheme", ["BIO2", "BIOES"])
def test_tags_are_the_written_spans_and_padding_is_outside(scheme: Scheme) -> None:
    settings = settings_of("bert-crf", scheme=scheme)
    tags, every = make_batcher("bert-crf", settings).labelled(POSTS).tags, tag_set(LABELS, scheme)
    assert tags is not None
    for row, example in enumerate(POSTS):
        written = encode(example.spans or (), len(example.tokens), scheme)
        assert [every[tag] for tag in tags[row, : len(written)].tolist()] == list(written)
        assert {every[tag] for tag in tags[row, len(written) :].tolist()} <= {"O"}


def test_gold_is_in_a_labelled_batch_only_and_is_never_made_up() -> None:
    made = make_batcher("bert-crf", settings_of("bert-crf"))
    assert made.batch(POSTS).tags is None
    with pytest.raises(InputError, match="no labels in the post post-1"):
        made.labelled([POSTS[0], replace(POSTS[1], spans=None)])
    with pytest.raises(InputError, match="label GPE of the post post-1"):
        made.labelled([POSTS[0], replace(POSTS[1], spans=(Span(0, 1, "GPE"),))])


def test_words_have_their_characters_and_shapes_and_padding_has_none() -> None:
    long = post(90, ["Rio", "x" * (MAX_CHARACTERS + 9), "ü!"])
    batch = batch_of("bert-crf", [long, post(91, ["a"]), *POSTS])
    for row, example in enumerate(batch.examples):
        count = len(example.tokens)
        assert batch.words[row].tolist() == [place < count for place in range(batch.words.shape[1])]
        for column, word in enumerate(example.words):
            codes = character_ids(word)
            assert batch.characters[row, column].tolist() == [*codes] + [0] * (MAX_CHARACTERS - len(codes))
            assert batch.shapes[row, column].tolist() == [*word_shape(word)]
        assert not batch.characters[row, count:].any()
        assert not batch.shapes[row, count:].any()


def test_a_system_gets_the_parts_that_it_needs_and_no_others() -> None:
    parts = ("grid", "objects", "links", "text_neighbours", "image_neighbours", "attributes", "knowledge")
    has = {name: {part for part in parts if getattr(batch_of(name), part) is not None} for name in (
        "bert-crf", "rgcn", "umgf", "iaik", "gei"
    )}  # fmt: skip
    assert has == {
        "bert-crf": set(),
        "rgcn": {"grid", "text_neighbours", "image_neighbours"},
        "umgf": {"objects", "links"},
        "iaik": {"grid", "attributes", "knowledge"},
        "gei": {"grid", "objects"},
    }
    assert batch_of("bert-crf").pictures == (), "nobody looks at pictures that no part is made of"


def test_a_batch_of_posts_without_objects_has_room_for_one() -> None:
    part = batch_of("gei", [POSTS[-1]]).objects
    assert part is not None
    assert part.real.tolist() == [[False]]


def test_a_class_has_one_row_however_it_is_written() -> None:
    assert class_row("Dog") == class_row(" dog ") == class_row("DOG")
    assert class_row("dog") != class_row("cat")
    coco = [name for name in FasterRCNN_ResNet50_FPN_Weights.DEFAULT.meta["categories"] if name != "N/A"]
    rows = {class_row(name) for name in coco}
    assert len(rows) == len(coco) > 80
    assert rows <= {*range(NUM_CLASSES)}


def test_spans_of_gold_do_not_change_what_a_model_reads() -> None:
    bare = [replace(example, spans=()) for example in POSTS]
    labelled = [replace(example, spans=(Span(0, 1, "PER"),)) for example in POSTS]
    one, other = (batch_of("umgf", posts) for posts in (bare, labelled))
    for name in ("ids", "real", "segment", "word", "post"):
        assert torch.equal(getattr(one.pieces, name), getattr(other.pieces, name))
    assert one.links is not None
    assert other.links is not None
    assert torch.equal(one.links.joined, other.links.joined)
