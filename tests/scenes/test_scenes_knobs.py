"""The knobs of the scenes: each makes its own posts and no others, and none gives its answer away."""

import hashlib
import itertools
import json
import re
from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.catalog.profiles import profile
from mner_core.check import check
from mner_core.data.boxes import read_entity_boxes
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.data.images import open_image
from mner_core.features.extractor import Extractor
from mner_core.knowledge.graph_files import read_graph
from mner_core.knowledge.search import KnowledgeSearch
from mner_core.scenes.ceiling import best_text_only_f1
from mner_core.scenes.drawings.emblems import emblem_image
from mner_core.scenes.drawings.pictures import compose
from mner_core.scenes.fill import Draft
from mner_core.scenes.knobs import SIBLINGS, Knobs, split_sizes
from mner_core.scenes.knowledge import CONCEPTS
from mner_core.scenes.posts import draft_posts
from mner_core.scenes.sketch import COLOURS, LABELS, PROP_NAMES, Emblem, Prop, Sketch
from mner_core.scenes.stories import DECOYS
from mner_core.scenes.topics import topics_by_split
from mner_core.scenes.write import SceneReport, write_scenes
from mner_core.types import InputError

SPLITS = ("train", "valid", "test")
ALL = Knobs(ambiguous=0.1, absent=0.08, blurred=0.08, pairs=0.1, leftmost=0.08, decoys=0.1, irrelevant=0.1, posters=0.1)
NAMES = tuple(ALL.shares)
UNTOLD = ("ambiguous", "absent", "blurred", "pairs", "leftmost", "posters")
STREET_WORDS = {"the", "of", "in", "street", "on", "a"}
TOPIC = (Prop("red", "kite"), Prop("blue", "drum"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, SceneReport]:
    folder = tmp_path_factory.mktemp("scenes") / "set"
    report = write_scenes(folder, 220, 4, ALL)
    return read_dataset(folder), report


def of_knob(posts: dict[str, list[Draft]], knob: str, split: str = "") -> list[Draft]:
    chosen = [posts[split]] if split else posts.values()
    return [draft for draft in itertools.chain(*chosen) if knob in draft.subsets]


def said(drafts: list[Draft]) -> list[tuple[object, ...]]:
    return sorted((draft.text, draft.marks, repr(draft.sketch)) for draft in drafts)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([0.0, 0.02, 0.08]), st.integers(0, 99))
@settings(max_examples=12)
def test_no_knob_changes_what_another_one_makes(turned: str, other: str, share: float, seed: int) -> None:
    if turned == other:
        return
    before, after = draft_posts(400, seed, ALL), draft_posts(400, seed, ALL.with_changes([(turned, str(share))]))
    for split in SPLITS:
        assert said(of_knob(before, other, split)) == said(of_knob(after, other, split))
        assert (
            len(of_knob(after, turned, split))
            == Knobs(**{"ambiguous": 0, turned: share}).counts(split_sizes(400)[split])[turned]
        )


@given(st.integers(320, 900), st.integers(0, 10**6))
@settings(max_examples=12)
def test_every_split_has_its_size_and_no_text_stands_in_two(size: int, seed: int) -> None:
    posts = draft_posts(size, seed, ALL)
    assert {split: len(drafts) for split, drafts in posts.items()} == split_sizes(size)
    texts = [{draft.text for draft in posts[split]} for split in SPLITS]
    assert all(one.isdisjoint(other) for one, other in itertools.combinations(texts, 2))
    for draft in itertools.chain(*posts.values()):
        assert "{" not in draft.text
        assert draft.alike == draft.text or "absent" in draft.subsets
        assert all(set(part) <= set(draft.marks) for part in draft.subsets.values())
        assert all(len(draft.text[start:end].strip()) == end - start for start, end, _ in draft.marks)


@given(st.integers(0, 10**6))
@settings(max_examples=12)
def test_the_text_says_nothing_about_types(seed: int) -> None:
    """Of all texts that are alike, each name is read once as each type; no word of a text depends on the type."""
    posts = draft_posts(500, seed, ALL)
    for knob in UNTOLD:
        alike: defaultdict[str, list[Draft]] = defaultdict(list)
        for draft in of_knob(posts, knob):
            alike[draft.alike].append(draft)
        for four in alike.values():
            assert len(four) == 4
            for place in range(len(four[0].names)):
                assert sorted(draft.subsets[knob][place][2] for draft in four) == sorted(LABELS)
            assert len({tuple(mark[:2] for mark in draft.marks) for draft in four}) == 1
            assert len({draft.text for draft in four}) == (4 if knob == "absent" else 1)


@given(st.integers(0, 10**6))
@settings(max_examples=12)
def test_topics_belong_to_one_split_and_their_siblings_to_train(seed: int) -> None:
    posts = draft_posts(500, seed, ALL)
    meant: dict[str, dict[frozenset[Prop], set[str]]] = {split: defaultdict(set) for split in SPLITS}
    for split in SPLITS:
        for draft in posts[split]:
            clue = re.findall(rf"an? ({'|'.join(COLOURS)}) ({'|'.join(PROP_NAMES)})", draft.text)
            topic = draft.sketch.props if draft.sketch else None
            if "absent" in draft.subsets:
                assert topic is None, "the own picture shows nothing of the topic"
                topic = tuple(Prop(*found) for found in clue)  # type: ignore[assignment]
                assert len(clue) == 2
            else:
                assert not clue, "no other text names a topic"
            for part in ("absent", "blurred"):
                if part in draft.subsets and topic:
                    meant[split][frozenset(topic)].add(draft.subsets[part][0][2])
    everywhere = list(itertools.chain(*(meant[split] for split in SPLITS)))
    assert len(set(everywhere)) == len(everywhere), "what train's labels say of a topic helps in no other split"
    shown: defaultdict[frozenset[Prop], list[str]] = defaultdict(list)
    for draft in posts["train"]:
        if draft.sketch and draft.sketch.props and draft.sketch.kinds:
            assert not draft.marks, "a sibling's labels teach nothing of its topic"
            shown[frozenset(draft.sketch.props)] += draft.sketch.kinds
    assert everywhere
    for split in SPLITS:
        for topic, labels in meant[split].items():
            assert len(labels) == 1
            assert shown[topic] == [*labels] * SIBLINGS
    held_out = [*posts["valid"], *posts["test"]]
    assert not any(draft.sketch and draft.sketch.props and draft.sketch.kinds for draft in held_out)


def test_which_topic_stands_for_which_type_is_chance() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(300):
        for group in topics_by_split({"train": 2, "valid": 1, "test": 1}, seed)["train"]:
            counts.update((prop.name, label) for topic, label in zip(group, LABELS, strict=True) for prop in topic)
    for name in PROP_NAMES:
        share = [counts[name, label] / sum(counts[name, each] for each in LABELS) for label in LABELS]
        assert share == pytest.approx([0.25] * 4, abs=0.08)


def test_topics_do_not_depend_on_how_many_another_split_needs_and_run_out_with_a_sentence() -> None:
    few, many = (topics_by_split({"train": train, "valid": 3, "test": 0}, 5) for train in (1, 60))
    assert few["valid"] == many["valid"]
    assert few["train"] == many["train"][:1]
    with pytest.raises(InputError, match="take fewer posts"):
        topics_by_split({"train": 2000, "valid": 0, "test": 0}, 5)


def test_a_blurred_picture_is_the_same_whatever_was_in_it() -> None:
    """Nothing of the deciding object goes into it: the sketch has no kind, and its haze is drawn without one."""
    for draft in of_knob(draft_posts(400, 3, ALL), "blurred"):
        assert draft.sketch == Sketch(props=draft.sketch.props if draft.sketch else None, blurred=True)
    for seed in range(8):
        picture = compose(Random(seed), Sketch(props=TOPIC, blurred=True))
        assert sorted(seen.label for seen in picture.objects) == ["drum", "kite"]
        assert picture.shown == ()
        assert not re.search("kite|drum", picture.caption)


def test_what_is_blurred_has_no_edges_left() -> None:
    clear, blurred = (
        np.asarray(compose(Random(2), sketch).image.convert("L"), float)
        for sketch in (Sketch(kinds=("PER",), props=TOPIC), Sketch(props=TOPIC, blurred=True))
    )
    assert clear.shape == blurred.shape
    assert np.abs(np.diff(clear, axis=1)).max() > 60
    alone = compose(Random(2), Sketch(props=TOPIC, blurred=True))
    left = np.asarray(alone.image.convert("L"), float)
    for seen in alone.objects:
        sides = [round(side * size) for side, size in zip(seen.box, alone.image.size * 2, strict=True)]
        left[max(sides[1] - 12, 0) : sides[3] + 12, max(sides[0] - 12, 0) : sides[2] + 12] = np.nan
    rows = left[: int(left.shape[0] * 0.5)]
    assert np.nanmax(np.abs(np.diff(rows, axis=1))) < 60


def test_a_topic_looks_alike_and_is_in_sight_in_all_its_pictures() -> None:
    for kind, seed in itertools.product(LABELS, range(12)):
        picture = compose(Random(seed), Sketch(kinds=(kind,), props=TOPIC))
        assert {"kite", "drum"} < {seen.label for seen in picture.objects}
        assert picture.caption.endswith(("a red kite and a blue drum", "a blue drum and a red kite"))


def test_only_the_pairing_decides_between_two_names() -> None:
    drafts = sorted(of_knob(draft_posts(600, 2, ALL), "pairs"), key=lambda draft: draft.text)
    for _, four in itertools.groupby(drafts, key=lambda draft: draft.text):
        orders = {tuple(mark[2] for mark in draft.names) for draft in four}
        assert len(orders) == 4
        assert {tuple(reversed(order)) for order in orders} == orders


def test_pairs_hang_where_the_text_says() -> None:
    drafts = of_knob(draft_posts(900, 2, ALL), "pairs")
    ways = Counter(name for draft in drafts for name in draft.subsets)
    assert set(ways) == {"pairs", "pairs-colour", "pairs-side"}
    first_is_left = Counter[tuple[str, bool]]()
    for draft in drafts:
        assert draft.sketch is not None
        picture = compose(Random(1), draft.sketch)
        by_label = {mark[2]: thing for mark, thing in zip(draft.shown, picture.shown, strict=True)}
        boxes = [by_label[mark[2]].box for mark in draft.names]
        left_first = boxes[0][0] < boxes[1][0]
        if "pairs-side" in draft.subsets:
            way = "side"
            assert left_first == (draft.text.lower().index("left") < draft.text.lower().index("right"))
            assert len(set(draft.sketch.frames)) == 1
        else:
            way = "colour"
            told = re.findall(rf"the ({'|'.join(COLOURS)}) frame", draft.text)
            frames = {seen.label: seen.box for seen in picture.objects if seen.label.endswith(" frame")}
            for colour, (left, top, right, bottom) in zip(told, boxes, strict=True):
                outer = frames[f"{colour} frame"]
                assert outer[0] < left < right < outer[2]
                assert outer[1] < top < bottom < outer[3]
        first_is_left[way, left_first] += 1
    assert min(first_is_left.values()) >= 4
    assert len(first_is_left) == 4


def test_only_where_it_hangs_decides_between_two_objects() -> None:
    drafts = sorted(of_knob(draft_posts(900, 2, ALL), "leftmost"), key=lambda draft: draft.text)
    for text, four in itertools.groupby(drafts, key=lambda draft: draft.text):
        orders = set()
        for draft in four:
            assert draft.sketch is not None
            assert len(set(draft.sketch.frames)) == 1, "no frame tells them apart"
            picture = compose(Random(1), draft.sketch)
            left, right = picture.shown
            assert left.box[2] < right.box[0]
            assert [mark[2] for mark in draft.shown] == [draft.sketch.kinds[0]]
            assert draft.shown == draft.names == draft.subsets["leftmost"]
            orders.add(draft.sketch.kinds)
        assert {order[::-1] for order in orders} == orders, text
        assert {order[0] for order in orders} == set(LABELS)


def test_decoys_stand_where_names_stand_beside_a_person() -> None:
    drafts = of_knob(draft_posts(900, 2, ALL), "decoys")
    for draft in drafts:
        word = next(word for word in DECOYS if word in draft.text)
        assert not any(word in draft.text[start:end] for start, end, _ in draft.marks)
        assert draft.sketch == Sketch(kinds=("PER",))
        assert not draft.names
    assert 0.3 < sum(bool(draft.marks) for draft in drafts) / len(drafts) < 0.9


def test_decoys_and_names_outside_train_are_half_new() -> None:
    posts = draft_posts(12_000, 2, ALL)  # of 3000, a split has 36 of `leftmost`
    for knob, split in itertools.product(("decoys", "pairs", "leftmost", "irrelevant"), ("valid", "test")):

        def words(part: str, knob: str = knob) -> list[str]:
            if knob == "decoys":
                return [next(w for w in DECOYS if w in draft.text) for draft in of_knob(posts, knob, part)]
            return [d.text[s:e] for d in of_knob(posts, knob, part) for s, e, _ in d.subsets[knob]]

        new = sum(word not in words("train") for word in words(split)) / len(words(split))
        assert 0.4 <= new <= 0.65


def test_an_irrelevant_picture_shows_another_type_than_the_text_tells() -> None:
    drafts = of_knob(draft_posts(900, 2, ALL), "irrelevant")
    for draft in drafts:
        assert draft.sketch is not None
        assert len(draft.marks) == 1
        assert set(draft.sketch.kinds) < set(LABELS) - {draft.marks[0][2]}
        assert not draft.shown
    assert {draft.marks[0][2] for draft in drafts} == set(LABELS)


def test_the_graph_knows_every_emblem_and_its_concept_tells_the_type(written: tuple[Dataset, SceneReport]) -> None:
    data, _ = written
    assert data.knowledge is not None
    graph, defects = read_graph(data.knowledge)
    assert defects == []
    posters = [(post, span) for post in data.posts for span in post.subsets.get("posters", ())]
    assert Counter(entity.name for entity in graph.entities.values()) == dict.fromkeys(
        {post.span_text(span) for post, span in posters}, 4
    )
    types = {concept: label for label, concepts in CONCEPTS.items() for concept in concepts}
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for entity in graph.entities.values():
        by_name[entity.name].add(types[graph.concept_of[entity.id].tail])
    assert all(labels == set(LABELS) for labels in by_name.values())


def test_the_owner_of_a_poster_is_found_by_its_picture(written: tuple[Dataset, SceneReport]) -> None:
    """With the tiny profile's colour statistics for eyes; the compact one found 56 of 56."""
    data, _ = written
    assert data.knowledge is not None
    graph, _ = read_graph(data.knowledge)
    eyes = Extractor(profile("tiny"))

    def vector(picture: Path) -> np.ndarray:  # type: ignore[type-arg]
        mean = eyes.describe(open_image(picture), ()).grid.astype(np.float32).mean(axis=0)
        return mean / np.linalg.norm(mean)

    search = KnowledgeSearch(graph, np.stack([vector(graph.picture(image)) for image in graph.images]))
    right = []
    for post in data.posts:
        for span in post.subsets.get("posters", ()):
            assert post.image is not None
            found = search.find(post.words, vector(post.image))
            right.append(found is not None and found.tail in CONCEPTS[span.label])
    assert np.mean(right) > 0.85


def test_sets_without_posters_bring_no_graph(tmp_path: Path) -> None:
    write_scenes(tmp_path / "set", 20, 0)
    assert read_dataset(tmp_path / "set").knowledge is None


def test_emblems_of_one_name_differ_and_say_no_type() -> None:
    """The four signs are dealt to the four types by chance: over many names each type gets each sign alike."""
    pixels = [np.asarray(emblem_image(Emblem("Jordan", label, 1)), float) for label in LABELS]
    assert all(np.abs(one - other).mean() > 20 for one, other in itertools.combinations(pixels, 2))
    again = np.asarray(emblem_image(Emblem("Jordan", "PER", 1)), float)
    assert np.array_equal(pixels[0], again)
    means = {
        label: np.mean(
            [np.asarray(emblem_image(Emblem(f"name {n}", label, 1)).resize((8, 8)), float) for n in range(80)]
        )
        for label in LABELS
    }
    assert max(means.values()) - min(means.values()) < 20


def brute_force(texts: int, length: int) -> Fraction:
    """The best expected F1 on texts whose types are a random order of four: every answer, every order, one average."""
    answers = itertools.product([None, *range(4)], repeat=texts)
    orders = list(itertools.permutations(range(4), texts))
    best = Fraction(0)
    for answer in answers:
        given_spans = sum(label is not None for label in answer)
        right = sum(a == b for order in orders for a, b in zip(answer, order, strict=True))
        if given_spans + length:
            best = max(best, Fraction(2 * right, len(orders) * (given_spans + length)))
    return best


def test_the_ceiling_of_texts_whose_types_are_dealt_by_chance_is_that_of_equal_texts() -> None:
    """`Draft.alike` counts texts as equal that differ in their topic: no answer does better on average."""
    posts = draft_posts(300, 1, ALL)
    four = [draft for draft in of_knob(posts, "absent") if draft.alike == of_knob(posts, "absent")[0].alike]
    assert best_text_only_f1((draft.alike, draft.subsets["absent"]) for draft in four) == brute_force(4, 4)


def test_the_ceilings_of_all_knobs(written: tuple[Dataset, SceneReport]) -> None:
    _, report = written
    quarter = dict.fromkeys([*UNTOLD, "pairs-colour", "pairs-side"], 25.0)
    assert report.text_only_ceilings == {**quarter, "decoys": 100.0, "irrelevant": 100.0}
    assert 25 < report.text_only_ceiling < 100


def test_what_is_written_is_what_a_reader_finds(written: tuple[Dataset, SceneReport]) -> None:
    data, report = written
    assert check(data.root).counts == {}
    assert {name: part["posts"] for name, part in report.knobs.items()} == {
        name: sum(name in post.subsets for post in data.posts) for name in NAMES
    }
    for post in data.posts:
        if any(knob in post.subsets for knob in NAMES):
            assert post.image is not None
            assert post.caption
        if "decoys" in post.subsets:
            assert post.subsets["decoys"] == frozenset()


def test_gold_boxes_are_boxes_of_objects_that_are_to_be_seen(written: tuple[Dataset, SceneReport]) -> None:
    data, _ = written
    gold = read_entity_boxes(data.root / "entity_boxes.jsonl", data.posts)
    assert gold.unmatched == 0
    posts = {post.key: post for post in data.posts}
    for (post, span), boxes in gold.boxes.items():
        assert span in (posts[post].spans or ())
        assert len(boxes) == 1
        assert boxes[0] in [seen.box for seen in posts[post].objects or ()]
        left, top, right, bottom = boxes[0]
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    for knob in NAMES:
        pointed = [(post.key, span) in gold.boxes for post in data.posts for span in post.subsets.get(knob, ())]
        assert all(pointed) if knob in ("ambiguous", "pairs", "leftmost", "posters") else not any(pointed), knob


def test_captions_tell_what_is_seen_and_no_entity(written: tuple[Dataset, SceneReport]) -> None:
    data, _ = written
    for post in data.posts:
        words = set((post.caption or "").lower().split())
        for span in post.spans or ():
            assert words.isdisjoint({span.label.lower(), *post.span_text(span).lower().split()} - STREET_WORDS)
        if "absent" in post.subsets:
            assert not re.search(rf"({'|'.join(COLOURS)}) ({'|'.join(PROP_NAMES)})", post.caption or "")
            assert not {seen.label for seen in post.objects or ()} & set(PROP_NAMES)


def test_equal_knobs_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_scenes(tmp_path / name, 130, 9, Knobs(ambiguous=0, absent=0.04, blurred=0.04, pairs=0.1, posters=0.1))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
    assert "absent 0.04" in json.loads((tmp_path / "one" / "dataset.json").read_text())["name"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([("fog", "0.1")], "no knob 'fog'; they have: ambiguous, absent, blurred"),
        ([("pairs", "many")], "pairs is a share of the posts and lies in 0..1, got 'many'"),
        ([("pairs", "1.5")], "pairs is a share of the posts and lies in 0..1"),
        ([("pairs", "nan")], "pairs is a share of the posts and lies in 0..1"),
        ([("pairs", "0.5")], r"take 1.1 of the posts \(ambiguous=0.6, pairs=0.5\)"),
    ],
)
def test_wrong_knobs_get_a_sentence(changes: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Knobs().with_changes(changes)


def test_knobs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pictures that absent and blurred look for"):
        write_scenes(tmp_path / "set", 200, 1, Knobs(ambiguous=0, absent=0.6))
    with pytest.raises(InputError, match="lower a share or take more posts"):
        write_scenes(tmp_path / "set", 20, 1, Knobs(ambiguous=0.5, pairs=0.2, posters=0.2))
    assert not any(tmp_path.iterdir())


def digest_of(folder: Path) -> str:
    """One digest of all files of a data set but its pictures, whose bytes are Pillow's."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".png")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(folder).as_posix()}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


ALL_KNOBS = {
    "pairs": 0.1, "ambiguous": 0.1, "posters": 0.1, "leftmost": 0.1, "absent": 0.1, "blurred": 0.1,
    "decoys": 0.05, "irrelevant": 0.05,
}  # fmt: skip


@pytest.mark.parametrize(
    ("size", "seed", "knobs", "digest"),
    [
        (100, 1, {}, "2c94b7e861555d46048b5568c46967e44c8f31525bd2d62ec04fbced46ccc525"),
        (500, 3, ALL_KNOBS, "9424f80ae54b6545c49e8cbde26167226af967b466e98d20898f7f455a696c80"),
    ],
)
def test_equal_seeds_write_what_earlier_versions_wrote(
    tmp_path: Path, size: int, seed: int, knobs: dict[str, float], digest: str
) -> None:
    write_scenes(tmp_path / "set", size, seed, replace(Knobs(), **knobs))
    assert digest_of(tmp_path / "set") == digest


def types_of_quadruples(knobs: Knobs, knob: str) -> list[tuple[str, ...]]:
    """The labels of each text that a knob repeats, all splits together."""
    texts: dict[str, list[str]] = {}
    for members in draft_posts(400, 5, knobs).values():
        for draft in members:
            if knob in draft.subsets:
                texts.setdefault(draft.alike, []).append("-".join(label for _, _, label in draft.subsets[knob]))
    return [tuple(sorted(labels)) for labels in texts.values()]


@pytest.mark.parametrize("knob", ["ambiguous", "blurred", "posters", "absent"])
def test_without_the_pattern_types_are_drawn_by_chance(knob: str) -> None:
    shares = {"ambiguous": 0.0, knob: 0.2}
    with_pattern = types_of_quadruples(replace(Knobs(), **shares), knob)
    without = types_of_quadruples(replace(Knobs(), **shares, pattern=0), knob)
    assert set(with_pattern) == {("LOC", "MISC", "ORG", "PER")}
    assert len(without) == len(with_pattern)
    assert sum(len(set(four)) < 4 for four in without) > len(without) / 2, "nine in ten by chance"
    labels = Counter(label for four in without for label in four)
    assert labels.keys() == {"LOC", "MISC", "ORG", "PER"}


@pytest.mark.parametrize("knob", ["pairs", "leftmost"])
def test_without_the_pattern_pairs_come_in_any_order(knob: str) -> None:
    shares = {"ambiguous": 0.0, knob: 0.3}
    without = types_of_quadruples(replace(Knobs(), **shares, pattern=0), knob)
    assert types_of_quadruples(replace(Knobs(), **shares), knob) != without
    assert all(len(four) == 4 for four in without)


def test_the_pattern_takes_no_posts_and_is_a_share() -> None:
    half = replace(Knobs(), pattern=0.5)
    assert half.counts(100) == Knobs().counts(100)
    quadruples = types_of_quadruples(half, "ambiguous")
    assert 0 < sum(len(set(four)) == 4 for four in quadruples) < len(quadruples)
    with pytest.raises(InputError, match="pattern is a share of the quadruples"):
        Knobs(pattern=1.5)
    assert Knobs().with_changes([("pattern", "0")]).pattern == 0
