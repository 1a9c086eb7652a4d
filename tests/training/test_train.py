"""Runs: repeatable, resumable, portable."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mner_core.catalog.systems import SYSTEMS
from mner_core.data.dataset import Dataset
from mner_core.data.images import image_digest
from mner_core.home import Home
from mner_core.retrieval.pool import Pool
from mner_core.run_record import read_record
from mner_core.training import fit
from mner_core.training.model_inputs import prepare_model_inputs
from mner_core.training.run import export, load, with_swapped_images, without_images
from mner_core.training.train import TrainingRequest, prediction_record, train
from mner_core.training.warm_start import warm_start
from mner_core.types import Example, InputError, PostKey

Make = Callable[..., TrainingRequest]
NAMES = list(SYSTEMS)


class Interrupted(Exception):  # noqa: N818
    pass


def digest(run: Path) -> str:
    return hashlib.sha256((run / "weights.safetensors").read_bytes()).hexdigest()


def interrupt_at(step: int) -> Callable[[str, int, int], None]:
    def watch(what: str, done: int, total: int) -> None:
        if what == "training" and done == step:
            raise Interrupted

    return watch


@pytest.mark.parametrize("name", NAMES)
def test_resume_equals_an_uninterrupted_run(
    name: str, request_for: Make, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_for(name)
    train(request, tmp_path / "whole", home)
    monkeypatch.setattr(fit, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    for step in (2, 4):  # inside the first and inside the second epoch
        with pytest.raises(Interrupted):
            train(request, tmp_path / "resumed", home, interrupt_at(step))
        assert not (tmp_path / "resumed").exists()
        torch.manual_seed(99)  # what happens in between must not matter
    started = []
    train(request, tmp_path / "resumed", home, lambda what, done, total: started.append((what, done)))
    assert min(done for what, done in started if what == "training") > 3, "it went on, it did not begin again"
    assert digest(tmp_path / "resumed") == digest(tmp_path / "whole")
    whole, resumed = read_record(tmp_path / "whole"), read_record(tmp_path / "resumed")
    assert [epoch["loss"] for epoch in whole.epochs] == [epoch["loss"] for epoch in resumed.epochs]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_decide_the_weights(name: str, request_for: Make, home: Home, tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(request_for(name, seed, epochs=1), tmp_path / folder, home)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_process_a_moved_run_and_an_exported_one_predict_the_same(
    name: str, request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    train(request_for(name), tmp_path / "run", home)
    wanted = [json.loads(line) for line in (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()]
    export(tmp_path / "run", tmp_path / "run.zip", home)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").rename(tmp_path / "elsewhere" / "moved")
    for run, its_home in (("elsewhere/moved", home.root), ("run.zip", tmp_path / "empty home")):
        out = tmp_path / "out.jsonl"
        out.unlink(missing_ok=True)
        command = [sys.executable, "-m", "mner_core", "predict", "--run", str(tmp_path / run), "--out", str(out)]
        subprocess.run(
            [*command, "--data", str(scenes.root / "valid.jsonl")],
            check=True,
            env=os.environ | {"MNER_HOME": str(its_home)},
        )
        found = [json.loads(line) for line in out.read_text().splitlines()]
        assert [post["spans"] for post in found] == [post["spans"] for post in wanted]


@pytest.mark.slow
def test_a_killed_training_goes_on(scenes: Dataset, tmp_path: Path) -> None:
    """kill -9 after the first epoch; the same command line ends with the weights of an undisturbed run."""

    def command(out: str) -> list[str]:
        options = ["--model", "bert-crf", "--data", str(scenes.root), "--profile", "tiny", "--epochs", "3"]
        return [sys.executable, "-m", "mner_core", "train", *options, "--out", str(tmp_path / out)]

    environment = os.environ | {"MNER_HOME": str(tmp_path / "home")}
    subprocess.run(command("whole"), check=True, env=environment)
    victim = subprocess.Popen(command("killed"), env=environment)
    while not (tmp_path / ".killed.unfinished" / "checkpoint" / "place.json").exists():
        assert victim.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert not (tmp_path / "killed").exists()
    subprocess.run(command("killed"), check=True, env=environment)
    assert digest(tmp_path / "killed") == digest(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_train_one_run_together(scenes: Dataset, tmp_path: Path) -> None:
    """torchrun with two processes (gloo on a CPU): one whole run, half as many steps, and it still learns."""
    options = ["--model", "rgcn", "--data", str(scenes.root), "--profile", "tiny", "--epochs", "2"]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "mner_core"]
    environment = os.environ | {
        "MNER_HOME": str(tmp_path / "home"),
        "OMP_NUM_THREADS": "1",
        "ACCELERATE_USE_CPU": "true",
    }
    out = tmp_path / "together"
    done = subprocess.run(
        [*launch, "train", *options, "--out", str(out)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    record = read_record(out)
    assert [epoch["number"] for epoch in record.epochs] == [1, 2]
    assert record.epochs[1]["loss"] < record.epochs[0]["loss"]
    assert "training 4/4" in done.stderr, "three batches an epoch, two for each process"


def test_a_warm_start_begins_with_the_other_runs_parameters(request_for: Make, home: Home, tmp_path: Path) -> None:
    train(request_for("bert-crf"), tmp_path / "first", home)
    start = tmp_path / "first"
    nothing = {"encoder_rate": 0.0, "fusion_rate": 0.0, "head_rate": 0.0, "epochs": 1}
    request = request_for("bert-crf", start=start)
    plan = replace(request.plan, settings=replace(request.plan.settings, **nothing))  # which nobody may ask for
    record = train(replace(request, plan=plan), tmp_path / "second", home)
    assert record.started_from == read_record(start).weights
    first, second = (load_file(tmp_path / name / "weights.safetensors") for name in ("first", "second"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    run = load(start, home)
    assert warm_start(run.model, start) == len(first)


def test_a_variant_leaves_out_what_general_words_join(request_for: Make, home: Home) -> None:
    joined = {}
    for variant in ("", "no general words"):
        request = request_for("umgf", variant=variant)
        providers = prepare_model_inputs(request.plan, request.train, [], home, lambda *said: None).providers
        assert providers.features
        assert providers.grounding
        looked = [(post, providers.features.features(post)) for post in request.train]
        edges = [providers.grounding.links(post, picture).joined for post, picture in looked if picture.objects]
        joined[variant] = [bool(each.any(axis=1).all()) for each in edges]
    assert all(joined[""]), "a general word finds something in every picture, for every word"
    assert not any(joined["no general words"])


def test_what_cannot_be_done_is_said(request_for: Make, home: Home, tmp_path: Path) -> None:
    request = request_for("bert-crf", epochs=1)
    train(request, tmp_path / "run", home)
    with pytest.raises(InputError, match="run exists already"):
        train(request, tmp_path / "run", home)
    with pytest.raises(Interrupted):
        train(request, tmp_path / "other", home, interrupt_at(1))
    with pytest.raises(InputError, match="unfinished run other with other data or settings"):
        train(request_for("bert-crf", seed=5, epochs=1), tmp_path / "other", home)
    with pytest.raises(InputError, match="holds no finished run"):
        load(tmp_path / "nothing", home)
    (tmp_path / "run.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match="is no exported run"):
        load(tmp_path / "run.zip", home)
    with pytest.raises(InputError, match="lower the learning rates"):
        train(request_for("bert-crf", epochs=1, head_rate=1e30, clip=1e30), tmp_path / "wild", home)


def test_two_processes_never_train_into_one_folder(request_for: Make, home: Home, tmp_path: Path) -> None:
    request = request_for("bert-crf", epochs=1)

    def again(what: str, done: int, total: int) -> None:
        if what == "training":
            train(request, tmp_path / "run", home)

    with pytest.raises(InputError, match="Another process is training run"):
        train(request, tmp_path / "run", home, again)


def test_text_and_image_are_all_that_is_needed(request_for: Make, scenes: Dataset, home: Home, tmp_path: Path) -> None:
    train(request_for("rgcn", epochs=1), tmp_path / "run", home)
    run = load(tmp_path / "run", home)
    post = next(each for each in scenes.split("test") if each.image is not None)
    example, prediction = run.predict(f"\N{FAMILY} {post.text}", post.image, evidence=True)
    record = prediction_record(example, prediction)
    assert all(example.text[span["start"] : span["end"]] == span["text"] for span in record["spans"])
    names = {each.name for each in prediction.evidence}
    assert {"word x region attention", "images like the text", "text gate"} <= names
    assert run.predict("", None)[1].spans == ()
    assert run.predict("no picture at all", evidence=True)[1].evidence != ()


def test_swapping_gives_nobody_its_own_image(scenes: Dataset) -> None:
    posts = scenes.posts
    swapped = with_swapped_images(posts)
    pictured = [row for row, post in enumerate(posts) if post.image_name is not None]
    assert all(swapped[row].image_name != posts[row].image_name for row in pictured)
    assert sorted(str(post.image_name) for post in swapped) == sorted(str(post.image_name) for post in posts)
    assert all(post.image is None and post.caption is None for post in without_images(posts))


def test_only_pictures_that_open_are_swapped(scenes: Dataset, tmp_path: Path) -> None:
    """Of twenty, five files are missing and five broken: nobody gets none, and nobody a dead one."""
    posts = [post for post in scenes.posts if post.image is not None][:20]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    posts[:5] = [replace(post, image=None) for post in posts[:5]]
    posts[5:10] = [replace(post, image=broken) for post in posts[5:10]]
    swapped = with_swapped_images(posts)
    assert swapped[:10] == posts[:10]
    assert sorted(str(post.image) for post in swapped[10:]) == sorted(str(post.image) for post in posts[10:])
    assert all(post.image != own.image for post, own in zip(swapped[10:], posts[10:], strict=True))


def test_a_single_picture_that_opens_is_lost_in_the_swap_and_all_else_stays(scenes: Dataset, tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("a text, not a picture")
    posts = [post for post in scenes.posts if post.image is not None][:3]
    posts[1] = replace(posts[1], image=text, caption="what came with the data")
    posts[2] = replace(posts[2], image=tmp_path / "missing.png", caption="the same")
    assert with_swapped_images(posts) == [*without_images(posts[:1]), *posts[1:]]


def test_a_run_with_neighbours_survives_the_removal_of_the_homes_pools(
    request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    train(request_for("rgcn", epochs=1), tmp_path / "run", home)
    posts = scenes.split("valid")
    expected = [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)]
    assert (tmp_path / "run" / "pool" / "pool.safetensors").samefile(
        next((home.root / "pools").rglob("pool.safetensors"))
    ), "runs of one data set share the bytes"
    shutil.rmtree(home.root / "pools")
    assert [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)] == expected
    export(tmp_path / "run", tmp_path / "run.zip", home)
    elsewhere = load(tmp_path / "run.zip", Home(tmp_path / "empty home"))
    assert [each.spans for each in elsewhere.predict_posts(posts)] == expected


@pytest.mark.parametrize("content", [b"", b"cut off"], ids=["empty", "cut off"])
def test_a_damaged_pool_of_a_run_is_mended_from_the_homes(
    request_for: Make, scenes: Dataset, home: Home, tmp_path: Path, content: bytes
) -> None:
    train(request_for("rgcn", epochs=1), tmp_path / "run", home)
    posts = scenes.split("valid")
    expected = [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)]
    own = tmp_path / "run" / "pool" / "pool.safetensors"
    whole = Pool.load(own.parent).fingerprint
    own.unlink()
    own.write_bytes(content)
    assert [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)] == expected
    assert Pool.load(own.parent).fingerprint == whole
    next((home.root / "pools").rglob("pool.safetensors")).write_bytes(content)
    own.unlink()
    own.write_bytes(content)
    with pytest.raises(InputError, match=r"neighbour pool of the run run is damaged.* train again: python -m"):
        load(tmp_path / "run", home)


def test_an_older_run_uses_the_homes_pool_and_says_what_to_do_when_it_is_gone(
    request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    train(request_for("rgcn", variant="pool of all splits", epochs=1), tmp_path / "run", home)
    posts = scenes.split("valid")
    expected = [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)]
    shutil.rmtree(tmp_path / "run" / "pool")
    assert [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)] == expected
    shutil.rmtree(home.root / "pools")
    command = "python -m mner_core train --model rgcn --profile tiny --variant 'pool of all splits' --set epochs=1"
    for lost in (
        lambda: load(tmp_path / "run", home),
        lambda: export(tmp_path / "run", tmp_path / "lost.zip", home),
    ):
        with pytest.raises(InputError) as caught:
            lost()
        assert "was removed from pools/" in str(caught.value)
        assert f"{command} --set heads=4 --seed 0 --data DIR --out RUN" in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


def test_a_pool_of_another_run_is_replaced_by_the_homes_or_refused(
    request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    for name, variant in (("train", ""), ("all", "pool of all splits")):
        train(request_for("rgcn", variant=variant, epochs=1), tmp_path / name, home)
    posts = scenes.split("valid")
    expected = [each.spans for each in load(tmp_path / "train", home).predict_posts(posts)]
    own, other = (tmp_path / name / "pool" / "pool.safetensors" for name in ("train", "all"))
    whole = own.read_bytes()
    assert other.read_bytes() != whole
    own.unlink()
    shutil.copyfile(other, own)
    assert [each.spans for each in load(tmp_path / "train", home).predict_posts(posts)] == expected
    assert own.read_bytes() == whole
    own.unlink()
    shutil.copyfile(other, own)
    shutil.rmtree(home.root / "pools")
    with pytest.raises(InputError, match="another one than it was trained with"):
        load(tmp_path / "train", home)


def test_neighbours_pictures_are_looked_at_again_where_they_are_known(
    request_for: Make, scenes: Dataset, home: Home, tmp_path: Path
) -> None:
    """After the feature cache was cleared: imported pictures lie in the home by their sha256."""
    train(request_for("rgcn", epochs=1), tmp_path / "run", home)
    posts = scenes.split("valid")
    expected = [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)]
    shutil.rmtree(home.features)
    with pytest.raises(InputError, match=r"not in the feature cache any more; run `python -m mner_core features DIR"):
        load(tmp_path / "run", home).predict_posts(posts)
    home.images.mkdir(parents=True)
    for post in scenes.posts:
        if post.image is not None:
            shutil.copy(post.image, home.images / image_digest(post.image))
    assert [each.spans for each in load(tmp_path / "run", home).predict_posts(posts)] == expected


def test_nothing_is_prepared_for_graphs_that_are_switched_off(request_for: Make, home: Home, tmp_path: Path) -> None:
    """R-GCN without a graph keeps no vectors for it, and without both no pool at all."""
    found = {}
    for variant in ("", "w/o InterRG", "w/o IntraRG", "w/o InterRG, IntraRG"):
        out = tmp_path / str(len(found))
        record = train(request_for("rgcn", variant=variant, epochs=1), out, home)
        kept = Pool.load(out / "pool") if record.pool else None
        found[variant] = kept and (kept.caption_vectors.shape[1] > 0, kept.object_vectors.shape[1] > 0)
        load(out, home).predict("a dog in Rio", None)
    assert found == {
        "": (True, True),
        "w/o InterRG": (False, True),
        "w/o IntraRG": (True, False),
        "w/o InterRG, IntraRG": None,
    }


def test_splits_that_count_alike_share_a_pool(request_for: Make, scenes: Dataset, home: Home, tmp_path: Path) -> None:
    """Train, valid and test of separate imports each count from 0: ids are unique in their split only."""

    def counted(split: str) -> list[Example]:
        return [replace(post, id=str(number)) for number, post in enumerate(scenes.split(split))]

    parts = {"train": counted("train"), "dev": counted("valid"), "others": counted("test")}
    request = replace(request_for("rgcn", variant="pool of all splits", epochs=1), **parts)
    named = request_for("rgcn", variant="pool of all splits", epochs=1)
    train(request, tmp_path / "counted", home)
    train(named, tmp_path / "named", home)
    assert digest(tmp_path / "counted") == digest(tmp_path / "named"), "what posts are called decides nothing"
    posts = {post.key: post for part in parts.values() for post in part}
    for post in parts["dev"]:
        [said] = load(tmp_path / "counted", home).predict_posts([post], evidence=True)
        found = [item for each in said.evidence if each.axes == ("neighbour",) for item in each.items[0]]
        assert all(PostKey(item["split"], item["post"]) != post.key for item in found)
        assert all(posts[item["split"], item["post"]].image is not None for item in found)
