"""Labels made wrong on purpose."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from mner_core.data.corrupt import LIST, corrupt, corrupt_folder, read_corruptions
from mner_core.data.dataset import read_dataset
from mner_core.experiment.learning_curve import put_right
from mner_core.scenes.write import write_scenes
from mner_core.types import Example, InputError, Span, Token


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(out, 60, 2)
    return out


def test_the_list_says_exactly_what_was_changed(folder: Path) -> None:
    posts = read_dataset(folder).split("train")
    wrong, changes = corrupt(posts, 0.3, 1)
    gold = sum(len(post.spans or ()) for post in posts)
    assert len(changes) == round(0.3 * gold)
    counts = Counter(change.kind for change in changes)
    assert max(counts.values()) - min(counts.values()) <= 1
    restored = {post.id: set(post.spans or ()) for post in wrong}
    for change in changes:
        if change.after:
            restored[change.post].remove(change.after)
        if change.before:
            restored[change.post].add(change.before)
    assert restored == {post.id: set(post.spans or ()) for post in posts}
    for change in changes:
        before, after = change.before, change.after
        if change.kind == "type":
            assert before
            assert after
            assert (before.start, before.end) == (after.start, after.end)
            assert before.label != after.label
        if change.kind == "boundary":
            assert before
            assert after
            assert before.label == after.label
            assert abs(before.start - after.start) + abs(before.end - after.end) == 1
    for post in wrong:
        spans = sorted(post.spans or ())
        assert all(one.end <= other.start for one, other in pairwise(spans))


@pytest.mark.parametrize("realistic", [False, True])
def test_posts_of_two_splits_with_one_id_are_two_posts(folder: Path, realistic: bool) -> None:
    """Numbered from 0 in each split: each post keeps its own labels, and the list says of which split a change is."""
    data = read_dataset(folder)
    posts = [
        replace(post, id=str(number)) for split in ("train", "valid") for number, post in enumerate(data.split(split))
    ]
    wrong, changes = corrupt(posts, 0.4, 1, realistic)
    assert {change.split for change in changes} == {"train", "valid"}
    differing = {one.key for one, two in zip(posts, wrong, strict=True) if one.spans != two.spans}
    assert differing == {change.key for change in changes}
    assert [post.spans for post in put_right(wrong, changes)] == [tuple(sorted(post.spans or ())) for post in posts]


def test_the_seed_decides(folder: Path) -> None:
    posts = read_dataset(folder).split("train")
    assert corrupt(posts, 0.2, 1) == corrupt(posts, 0.2, 1)
    assert corrupt(posts, 0.2, 1)[1] != corrupt(posts, 0.2, 2)[1]


def test_a_folder_is_copied_and_only_one_split_changed(folder: Path, tmp_path: Path) -> None:
    changes = corrupt_folder(folder, tmp_path / "wrong", 0.2, 4)
    before, after = read_dataset(folder), read_dataset(tmp_path / "wrong")
    assert after.defects == []
    assert [post.id for post in after.posts] == [post.id for post in before.posts]
    assert [post.words for post in after.posts] == [post.words for post in before.posts]
    assert [post.spans for post in after.split("valid")] == [post.spans for post in before.split("valid")]
    differing = {one.id for one, two in zip(before.posts, after.posts, strict=True) if one.spans != two.spans}
    assert differing == {change.post for change in changes}
    assert read_corruptions(tmp_path / "wrong" / LIST) == changes
    with pytest.raises(InputError, match="exists already"):
        corrupt_folder(folder, tmp_path / "wrong", 0.2, 4)


def test_what_cannot_be_done_is_said(folder: Path, tmp_path: Path) -> None:
    posts = read_dataset(folder).split("train")
    with pytest.raises(InputError, match="share of wrong labels"):
        corrupt(posts, 1.5, 0)
    one = Example(id="a", text="x", tokens=(Token("x", 0, 1),), spans=(Span(0, 1, "A"),))
    with pytest.raises(InputError, match="no room"):
        corrupt([one], 1.0, 0)
    with pytest.raises(InputError, match="nothing that could be made wrong"):
        corrupt([one.with_spans([])], 0.5, 0)
    with pytest.raises(InputError, match="no posts in a split"):
        corrupt_folder(folder, tmp_path / "out", 0.1, 0, "nothing")
    assert not (tmp_path / "out").exists()
    (tmp_path / "list").write_text('{"post": "a"}\n')
    with pytest.raises(InputError, match="line 1 is no change"):
        read_corruptions(tmp_path / "list")
