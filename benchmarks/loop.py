"""`make loop`: does correcting the labels that `label-errors` doubts first make the next run better?

    python -m benchmarks.loop [--quick] [--work DIR]

60 labels of 280 drawn training posts are made wrong (without the pattern by which a doubled type gives itself away).
`label-errors` ranks the posts; the labels of the first thirty are put right, as by a person who looks at each; beside
it those of thirty posts drawn at random. Each of the three sets trains three seeds, which are scored on 600 posts of
another drawing that nobody touched. Everything goes through the command line: what is measured is what people do.

What is made lies in DIR and is not made again: a killed call goes on where it stopped.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SIDES = ("listed", "uncorrected", "random")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is drawn and trained; by default what issue and docs speak of.

    Args:
        posts: of the set that is learnt from; 70 of 100 are train.
        wrong: labels of train that are made wrong.
        corrected: posts whose labels are put right.
        untouched: posts of the set that is scored.
        seeds: runs a side.
        model, profile: what is trained, also for the list.
        epochs: of each run; None for the default. After R-GCN's default of 8 the best epoch is often the last.
        settings: of each run, as `train --set` takes them.
    """

    posts: int = 400
    wrong: int = 60
    corrected: int = 30
    untouched: int = 600
    seeds: int = 3
    model: str = "rgcn"
    profile: str = "compact"
    epochs: int | None = 16
    settings: tuple[str, ...] = ()


QUICK = Sizes(model="hamlearning", profile="tiny", epochs=12, settings=("encoder_rate=0.001", "fusion_rate=0.001"))
"""Minutes instead of half an hour: the quick form of the learning curve, whose random encoder has to be taught."""


def loop(work: Path, sizes: Sizes) -> dict[str, Any]:
    """Runs the whole circle in `work`; returns what was measured, F1 in 0..100."""
    true, wrong, other = work / "true", work / "wrong", work / "untouched"
    _scenes(true, sizes.posts, 0)
    _scenes(other, sizes.untouched, 1)
    if not wrong.exists():
        share = sizes.wrong / sum(len(json.loads(line)["spans"]) for line in _lines(true / "train.jsonl"))
        _mner("corrupt", true, wrong, "--share", share)
    changed = {json.loads(line)["post"] for line in _lines(wrong / "corruptions.jsonl")}
    listed = [each["post"] for each in _list(work, wrong, sizes)["posts"]][: sizes.corrected]
    everybody = [json.loads(line)["id"] for line in _lines(wrong / "train.jsonl")]
    at_random = random.Random("posts at random").sample(everybody, sizes.corrected)
    folders = {"listed": work / "listed", "uncorrected": wrong, "random": work / "random"}
    put_right(wrong, true, listed, folders["listed"])
    put_right(wrong, true, at_random, folders["random"])
    runs = {side: _trained(work / "runs", side, folders[side], sizes) for side in SIDES}
    scored = whole(other)
    return {
        **asdict(sizes),
        "wrong_posts": len(changed),
        "found_by_list": len(changed & set(listed)),
        "found_at_random": len(changed & set(at_random)),
        **{
            f"{one} against {against}": _against(runs[one], runs[against], scored)
            for one, against in (("listed", "uncorrected"), ("random", "uncorrected"), ("listed", "random"))
        },
    }


def put_right(wrong: Path, true: Path, posts: Iterable[str], out: Path) -> None:
    """Copies a data set; the named posts of train get the labels that they have in `true`."""
    if out.exists():
        return
    right = {json.loads(line)["id"]: line for line in _lines(true / "train.jsonl")}
    chosen = set(posts)
    ids = [(json.loads(line)["id"], line) for line in _lines(wrong / "train.jsonl")]
    lines = [right[post] if post in chosen else line for post, line in ids]
    beside = out.with_name(f"{out.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(wrong, beside)
    (beside / "train.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside.rename(out)


def whole(folder: Path) -> Path:
    """One file with the posts of all splits, in the folder where their pictures are."""
    file = folder / "all.jsonl"
    parts = [(folder / f"{split}.jsonl").read_text(encoding="utf-8") for split in ("train", "valid", "test")]
    file.write_text("".join(parts), encoding="utf-8")
    return file


def _scenes(folder: Path, posts: int, seed: int) -> None:
    if not folder.exists():
        _mner("scenes", folder, "--size", posts, "--seed", seed, "--set", "pattern=0")


def _list(work: Path, wrong: Path, sizes: Sizes) -> Any:
    """What `label-errors` says of the posts with wrong labels."""
    kept = work / "label-errors.json"
    if not kept.exists():
        asked = ["--data", wrong, "--corrupted", wrong / "corruptions.jsonl", *_given(sizes)]
        kept.write_text(json.dumps(_mner("label-errors", *asked)), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def _trained(folder: Path, side: str, data: Path, sizes: Sizes) -> list[Path]:
    runs = [folder / f"{side}-{seed}" for seed in range(sizes.seeds)]
    epochs = [] if sizes.epochs is None else ["--epochs", sizes.epochs]
    settings = [f"--set={each}" for each in sizes.settings]
    folder.mkdir(exist_ok=True)
    for seed, run in enumerate(runs):
        if not run.exists():
            _mner("train", "--data", data, "--out", run, "--seed", seed, *_given(sizes), *epochs, *settings)
    return runs


def _against(ours: Sequence[Path], theirs: Sequence[Path], file: Path) -> dict[str, Any]:
    answer = _mner("evaluate", "--run", *ours, "--against", *theirs, "--data", file)
    found = answer["against"]
    return {
        "posts": answer["posts"],
        "f1": [round(each["f1"], 2) for each in answer.get("runs", [answer])],
        "mean": found["ours"]["mean"],
        "against_mean": found["theirs"]["mean"],
        "difference": found["difference"],
        "p": found["p"],
        "supported": found["supported"],
        "sentence": found["sentence"],
    }


def _given(sizes: Sizes) -> list[str]:
    return ["--model", sizes.model, "--profile", sizes.profile]


def _mner(*arguments: object) -> Any:
    """One command in a process of its own; its JSON. What it says of its progress goes on to standard error.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "mner_core", *map(str, arguments), "--json"]
    print("mner", *arguments, file=sys.stderr, flush=True)
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(said.stdout.splitlines()[-1])


def _lines(file: Path) -> list[str]:
    """The records of a JSONL file, which end with a newline only (a text may hold other line separators)."""
    return [line for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]


def main() -> None:
    """Reads where to work, runs the circle, prints the figures."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.loop", description="Do corrections help?")
    options.add_argument("--work", type=Path, help="where everything is kept; else it is thrown away")
    options.add_argument("--quick", action="store_true", help="small layers and a random encoder: minutes")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="loop-") as folder:
        place = (chosen.work or Path(folder)).resolve()
        place.mkdir(parents=True, exist_ok=True)
        os.environ["MNER_HOME"] = str(place / "home")
        print(json.dumps(loop(place, QUICK if chosen.quick else Sizes())))


if __name__ == "__main__":
    main()
