import hashlib
import itertools
import json
from collections import Counter, defaultdict
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from mner_core.data.dataset import read_dataset
from mner_core.scenes.ceiling import best_text_only_f1
from mner_core.scenes.drawings.canvas import Canvas, Pen
from mner_core.scenes.drawings.extras import EXTRAS
from mner_core.scenes.drawings.pictures import KINDS, compose
from mner_core.scenes.knobs import Knobs, split_sizes
from mner_core.scenes.posts import draft_posts
from mner_core.scenes.sketch import LABELS, Sketch
from mner_core.scenes.write import write_scenes
from mner_core.types import InputError

SPLITS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes") / "set"
    return folder, write_scenes(folder, 60, 5)


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def digests(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def marks(spans):
    return tuple((span["start"], span["end"], span["label"]) for span in spans)


def test_every_ambiguous_text_occurs_once_with_each_kind_of_picture(scenes):
    folder, _ = scenes
    shown = {gold["post"]: gold for gold in lines(folder / "entity_boxes.jsonl")}
    for split in SPLITS:
        kinds = defaultdict(list)
        for post in lines(folder / f"{split}.jsonl"):
            for start, end, label in marks(post.get("subsets", {}).get("ambiguous", [])):
                assert (start, end, label) in marks(post["spans"])
                assert shown[post["id"]]["label"] == label
                kinds[post["text"], start, end].append(label)
        assert kinds
        assert all(sorted(labels) == sorted(LABELS) for labels in kinds.values())


@given(st.integers(20, 500), st.integers())
def test_sizes_are_exact_and_no_text_stands_in_two_splits(size, seed):
    posts = draft_posts(size, seed, Knobs())
    assert {split: len(drafts) for split, drafts in posts.items()} == split_sizes(size)
    assert sum(map(len, posts.values())) == size
    texts = [{draft.text for draft in posts[split]} for split in SPLITS]
    assert all(one.isdisjoint(other) for one, other in itertools.combinations(texts, 2))
    for drafts in posts.values():
        repeated = Counter(draft.text for draft in drafts)
        assert all(repeated[draft.text] == (4 if draft.names else 1) for draft in drafts)


@given(st.integers(40, 400), st.integers())
def test_marks_are_names_in_the_text_and_cut_no_word(size, seed):
    for draft in itertools.chain(*draft_posts(size, seed, Knobs()).values()):
        names = [draft.text[start:end] for start, end, _ in draft.marks]
        assert all(name == name.strip() and name[0].isupper() for name in names)
        assert all(label in LABELS for *_, label in draft.marks)
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(draft.marks))
        assert "{" not in draft.text
        assert set(draft.shown) <= set(draft.marks)
        assert not draft.shown or (draft.sketch and tuple(label for *_, label in draft.shown) == draft.sketch.kinds)


def test_half_of_the_ambiguous_names_outside_train_are_new_and_some_are_known():
    posts = draft_posts(800, 1, Knobs())
    names = {split: [d.text[s:e] for d in posts[split] for s, e, _ in d.names] for split in SPLITS}
    for split in ("valid", "test"):
        new = sum(name not in names["train"] for name in names[split])
        assert len(names[split]) / 2 <= new < len(names[split]) * 0.8


def test_a_reader_finds_the_same_spans_objects_and_captions(scenes):
    folder, report = scenes
    dataset = read_dataset(folder)
    assert not dataset.defects
    assert len(dataset.posts) == report.posts == 60
    assert dataset.labels == tuple(sorted(LABELS))
    written = {post["id"]: post for split in SPLITS for post in lines(folder / f"{split}.jsonl")}
    for example in dataset.posts:
        post = written[example.id]
        texts = [post["text"][start:end] for start, end, _ in marks(post["spans"])]
        assert [example.span_text(span) for span in sorted(example.spans)] == texts
        assert (example.image is None) == (example.caption is None) == (example.objects is None)
        assert example.image_name == post["image"]


def test_boxes_lie_in_their_pictures_and_captions_name_no_entity(scenes):
    folder, _ = scenes
    objects = {line["image"]: line["objects"] for line in lines(folder / "objects.jsonl")}
    captions = dict(line.split("\t") for line in (folder / "captions.tsv").read_text().splitlines())
    assert objects.keys() == captions.keys() == {path.name for path in (folder / "images").iterdir()}
    for image, things in objects.items():
        with Image.open(folder / "images" / image) as picture:
            assert min(picture.size) >= 240
        for left, top, right, bottom in (thing["box"] for thing in things):
            assert 0 <= left < right <= 1
            assert 0 <= top < bottom <= 1
    for split in SPLITS:
        for post in lines(folder / f"{split}.jsonl"):
            words = set(captions.get(post["image"], "").lower().split())
            for start, end, label in marks(post["spans"]):
                assert words.isdisjoint({label.lower(), *post["text"][start:end].lower().split()} - {"the", "of"})


@pytest.mark.parametrize("drawing", [*itertools.chain(*KINDS.values()), *EXTRAS], ids=lambda drawing: drawing.phrase)
def test_a_box_is_where_something_was_drawn(drawing):
    for seed in range(6):
        canvas, empty = Canvas(320, 256), Canvas(320, 256)
        for one in (canvas, empty):
            one.rectangle((-9, -9, 399, 399), (255, 0, 255))
        pen = Pen(canvas, 30, 40, 110, aspect=drawing.aspect, mirrored=seed % 2 == 1)
        drawing.paint(pen, Random(seed))
        drawn = ImageChops.difference(canvas.finished(Random(0)), empty.finished(Random(0))).getbbox()
        box = [side * size for side, size in zip(pen.box, (320, 256, 320, 256), strict=True)]
        assert drawn == pytest.approx(box, abs=2)


def test_nothing_but_the_drawing_depends_on_the_kind():
    """Equal chances give equal sizes and settings, whatever the picture shows."""
    pictures = [[compose(Random(seed), Sketch(kinds=(kind,))) for kind in KINDS] for seed in range(12)]
    for same in pictures:
        assert len({picture.image.size for picture in same}) == 1
        settings = {picture.caption.removeprefix(phrase(picture)).split(" with ")[0] for picture in same}
        assert len(settings) == 1


def phrase(picture):
    phrases = [
        drawing.phrase for drawing in itertools.chain(*KINDS.values()) if drawing.label == picture.shown[0].label
    ]
    return next(phrase for phrase in phrases if picture.caption.startswith(phrase))


def test_the_order_of_objects_does_not_point_at_the_deciding_one():
    pictures = [compose(Random(seed), Sketch(kinds=("PER",))) for seed in range(60)]
    assert {picture.objects.index(*picture.shown) for picture in pictures} >= {0, 1, 2}


def test_equal_seeds_give_equal_bytes_and_others_do_not(scenes, tmp_path):
    folder, _ = scenes
    write_scenes(tmp_path / "again", 60, 5)
    write_scenes(tmp_path / "other", 60, 6)
    assert digests(tmp_path / "again") == digests(folder)
    assert digests(tmp_path / "other")["test.jsonl"] != digests(folder)["test.jsonl"]


def test_the_ceiling_of_the_ambiguous_names_is_a_quarter(scenes):
    _, report = scenes
    assert report.text_only_ceilings == {"ambiguous": 25.0}
    assert 25 < report.text_only_ceiling < 100
    assert {split: part["posts"] for split, part in report.splits.items()} == split_sizes(60)
    assert report.knobs == {"ambiguous": {"share": 0.6, "posts": 32}}


MARKS = [(0, 1, "PER"), (0, 1, "LOC"), (0, 2, "PER"), (1, 2, "ORG")]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from(MARKS), max_size=2)), max_size=6))
def test_the_ceiling_is_the_best_of_all_functions_of_the_text(posts):
    """Every set of non-overlapping spans for every text is tried; gold may repeat, overlap or be empty."""
    texts = sorted({text for text, _ in posts})
    answers = [
        chosen
        for size in range(3)
        for chosen in itertools.combinations(MARKS, size)
        if all(a[1] <= b[0] or b[1] <= a[0] for a, b in itertools.combinations(chosen, 2))
    ]
    best = Fraction(0)
    for choice in itertools.product(answers, repeat=len(texts)):
        answer = dict(zip(texts, choice, strict=True))
        right = sum(len(gold & set(answer[text])) for text, gold in posts)
        total = sum(len(gold) + len(answer[text]) for text, gold in posts)
        best = max(best, Fraction(2 * right, total) if total else Fraction(0))
    assert best_text_only_f1(posts) == best


def test_the_ceiling_of_a_quadruple_beside_plain_posts():
    """Beside many plain posts it is best to leave the ambiguous name out, which no single accuracy tells."""
    quadruple = [("a", [(0, 1, label)]) for label in LABELS]
    assert best_text_only_f1(quadruple) == Fraction(1, 4)
    assert best_text_only_f1([*quadruple, ("b", [(0, 1, "PER")])]) == Fraction(2, 5)
    plain = [(f"b{number}", [(0, 1, "PER")]) for number in range(4)]
    assert best_text_only_f1([*quadruple, *plain]) == Fraction(2 * 4, 4 + 8)


@pytest.mark.parametrize("size", [-1, 0, 19])
def test_too_few_posts_are_refused(size, tmp_path):
    with pytest.raises(InputError, match="at least 20 posts"):
        write_scenes(tmp_path / "set", size, 0)
    assert not any(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="exists already"):
        write_scenes(tmp_path, 20, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mner_core.scenes.write.write_jsonl", fail)
    with pytest.raises(InputError, match="No space left"):
        write_scenes(tmp_path / "set", 20, 0)
    assert not any(tmp_path.iterdir())


def test_an_empty_folder_is_taken(tmp_path):
    assert write_scenes(tmp_path, 20, 0).posts == 20
    assert (tmp_path / "dataset.json").exists()
