"""A few posts with everything that makes text and labels hard, and a way to run code in another process."""

import subprocess
import sys
from pathlib import Path

from mner_core.data.tokenize import tokenize
from mner_core.types import Example, ImageObject, Span, Token

LABELS = ("LOC", "ORG", "PER")
ROOT = Path(__file__).parents[2]


def sample_post(name: str, text: str, spans: tuple[Span, ...] | None, split: str = "train") -> Example:
    return Example(id=name, text=text, tokens=tokenize(text), spans=spans, split=split, source=f"{split}.jsonl")


def sample_posts() -> list[Example]:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    orphan = Example(
        id="orphan",
        text="in Paris today",
        tokens=(Token("in", 0, 2), Token("Paris", 3, 8), Token("today", 9, 14)),
        spans=(Span(1, 2, "LOC"),),
        tags=("O", "I-LOC", "O"),
        split="train",
        source="train.txt",
        caption="a tower",
        objects=(ImageObject("tower", (0.1, 0.2, 0.5, 0.9), 0.75),),
        subsets={"ambiguous": frozenset({Span(1, 2, "LOC")})},
    )
    return [
        orphan,
        sample_post("emoji", f"{family} Kevin Durant at @Warriors", (Span(1, 3, "PER"),)),
        sample_post("right-to-left", "زار محمد القاهرة أمس", (Span(1, 2, "PER"), Span(2, 3, "LOC"))),
        sample_post("nothing", "no name here", ()),
        sample_post("unlabelled", "Maria visits Google", None),
        sample_post("valid", "Google in Berlin", (Span(0, 1, "ORG"), Span(2, 3, "LOC")), split="valid"),
    ]


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    """Starts Python code in a process of its own, in the repository's root."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: "subprocess.Popen[str]", status: int = 0) -> str:
    """What the process printed, once it ended with the status that was expected."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == status, err
    return out
