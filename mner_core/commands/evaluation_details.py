"""`evaluate --details`: slices, kinds of error, the confusion matrix and calibration of one run, under any protocol."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from mner_core.evaluation.calibration import calibration, confidences, fit_temperature, with_temperature
from mner_core.evaluation.errors import align, confusion, tally
from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.slices import score_slices
from mner_core.evaluation.units import units_of
from mner_core.types import Example, Prediction

if TYPE_CHECKING:
    from mner_core.training.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Posts, with the objects that are known of their pictures, and what one run says of them: predicted once.

    `relevance` says of each post how much its picture has to do with its text; `train` is for slices by names seen;
    `dev` and `dev_predictions` are for a temperature, and may be empty.
    """

    posts: Sequence[Example]
    relevance: Sequence[float | None]
    predictions: Sequence[Prediction]
    labels: Sequence[str]
    train: Sequence[Example]
    dev: Sequence[Example]
    dev_predictions: Sequence[Prediction]

    @classmethod
    def of(
        cls,
        run: "Run",
        examples: Sequence[Example],
        predictions: Sequence[Prediction],
        train: Sequence[Example],
        dev: Sequence[Example],
    ) -> "Details":
        """What is to be known of a run, whatever the protocol."""
        posts, relevance = _what_images_show(run, examples)
        return cls(
            posts=posts,
            relevance=relevance,
            predictions=predictions,
            labels=run.record.labels,
            train=train,
            dev=dev,
            dev_predictions=run.predict_posts(dev) if dev else (),
        )

    def under(self, protocol: str, pieces: PieceCounts | None = None) -> dict[str, Any]:
        """The details of what the protocol counts (`units_of`), pooled over the posts."""
        found = units_of(self.posts, [each.spans for each in self.predictions], protocol, pieces)
        slices = score_slices(
            found.posts,
            found.said,
            train=self.train,
            relevance=self.relevance[: len(found.posts)],
            protocol=protocol,
            entities=found.gold,
        )
        pairs = zip(found.gold, found.said, strict=True)
        outcomes = [outcome for true, said in pairs for outcome in align(sorted(true), said)]
        matrix = confusion(outcomes, self.labels)
        return {
            "slices": {name: asdict(part.micro) for name, part in slices.items()},
            "errors": tally(outcomes),
            "confusion": {"names": list(matrix.names), "matrix": matrix.matrix.tolist()},
            "calibration": self._calibration(protocol, pieces),
        }

    def _calibration(self, protocol: str, pieces: PieceCounts | None) -> dict[str, Any]:
        sure, right = confidences(self.posts, self.predictions, protocol, pieces)
        answer = calibration(sure, right).to_json()
        if self.dev:
            temperature = fit_temperature(*confidences(self.dev, self.dev_predictions, protocol, pieces))
            mended = calibration(with_temperature(sure, temperature), right)
            answer |= {"temperature": temperature, "with_temperature": mended.to_json()}
        return answer


def _what_images_show(run: "Run", examples: Sequence[Example]) -> tuple[list[Example], list[float | None]]:
    """The posts with the objects that are known of their images, and how much each image has to do with the text.

    Relevance is the cosine of the text's and the caption's sentence vectors: how far what is seen is what is said.
    """
    from mner_core.text.sentences import sentence_vectors

    known, captions = [], []
    for example in examples:
        objects, caption = example.objects, example.caption
        if run.features is not None and example.image is not None:
            seen = run.features.features(example)
            objects, caption = (seen.objects, seen.caption) if seen.image_ok else (objects, caption)
        known.append(replace(example, objects=objects))
        captions.append(caption or "")
    rows = [row for row, caption in enumerate(captions) if caption]
    relevance: list[float | None] = [None] * len(examples)
    if rows:
        slot = run.plan.profile.text
        texts = sentence_vectors([examples[row].text for row in rows], slot)
        seen_as = sentence_vectors([captions[row] for row in rows], slot)
        for row, cosine in zip(rows, (texts * seen_as).sum(axis=1), strict=True):
            relevance[row] = float(cosine)
    return known, relevance
