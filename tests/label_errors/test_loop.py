"""The parts of `make loop` that are not commands: who is corrected, and what is scored."""

import json
from pathlib import Path

from benchmarks.loop import put_right, whole
from mner_core.data.corrupt import corrupt_folder
from mner_core.data.dataset import read_dataset
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.write import write_scenes


def test_the_named_posts_get_their_true_labels_and_no_other_does(tmp_path: Path) -> None:
    true, wrong = tmp_path / "true", tmp_path / "wrong"
    write_scenes(true, 60, 1, Knobs(pattern=0))
    changes = corrupt_folder(true, wrong, 0.4, 0)
    changed = sorted({change.post for change in changes})
    corrected, left = changed[::2], changed[1::2]
    put_right(wrong, true, corrected, tmp_path / "some")
    before, after = (
        {post.id: post.spans for post in read_dataset(folder).posts} for folder in (true, tmp_path / "some")
    )
    assert {post for post in before if before[post] != after[post]} == set(left) != set()
    put_right(wrong, true, changed, tmp_path / "all")
    assert [post.spans for post in read_dataset(tmp_path / "all").posts] == list(before.values())
    kept = (tmp_path / "all" / "train.jsonl").read_bytes()
    put_right(wrong, true, [], tmp_path / "all")
    assert (tmp_path / "all" / "train.jsonl").read_bytes() == kept, "what is there is not made again"


def test_all_posts_of_the_untouched_set_are_scored_with_their_pictures(tmp_path: Path) -> None:
    write_scenes(folder := tmp_path / "untouched", 60, 2, Knobs(pattern=0))
    read = read_dataset(whole(folder))
    assert [post.id for post in read.posts] == [post.id for post in read_dataset(folder).posts]
    pictured = [json.loads(line)["image"] is not None for line in (folder / "all.jsonl").read_text().splitlines()]
    assert [post.image is not None and post.image.is_file() for post in read.posts] == pictured
