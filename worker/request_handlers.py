"""What the serving child answers. Offsets are code points; `words` count the answer's `tokens`.

`predict` {"run", "post"} or {"run", "text", "image": sha256 or absent}:
    {"run", "text", "tokens": [[start, end]], "spans": [{"start", "end", "words", "text", "label", "confidence"}],
    "confidence_source", "evidence": [Evidence as JSON], "picture": {"ok", "objects": [{"label", "box", "score"}],
    "attributes": [[name, p]], "caption"} or null, "context": what the run reads behind the post, or null where it
    reads nothing there, "pictures": {neighbour: {"post": number or null, "image": sha256}}}
    where a neighbour goes by `evidence.neighbour_key`: SPLIT/ID, or ID alone from a run whose pool has no splits
`counterfactual` the same with a "change" (`worker.changed_posts`): {"run", "text", "tokens", "spans"} of the changed
    post, and "original": the spans as they were
`explain` the same with "start", "end", "label" of an entity, predicted or not, and "method": what `mner explain` prints
    ({"method", "baseline", "steps", "entity", "words", "regions", "objects", "baseline_log_probability",
    "completeness_error"}) and "attention": {"regions", "objects", "rank_correlation"}, null where there is none
`similar` asks no run: `worker.similar_posts`
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from db.engine import Store
from db.images import image_path
from db.posts import dataset, numbers_of, post
from db.runs import run as run_named
from mner_core.data.images import image_digest
from mner_core.data.tokenize import tokenize
from mner_core.evidence import neighbour_key
from mner_core.features.image import ImageFeatures
from mner_core.retrieval.neighbour_cache import PoolNeighbourhood
from mner_core.training.fit import predict
from mner_core.training.run import Run
from mner_core.training.train import prediction_record
from mner_core.training.versions import system_digest
from mner_core.types import Evidence, Example, InputError, PostKey, Prediction
from worker.changed_posts import changed_post
from worker.evidence_cache import EvidenceCache, entity_key, evidence_key
from worker.explanations import asked_span, explained, label_of_run
from worker.model_cache import ModelCache
from worker.similar_posts import SimilarQuestions


class RequestHandlers:
    """Answers questions with the runs of a model cache and keeps full evidence."""

    def __init__(self, store: Store, model_cache: ModelCache, cache: EvidenceCache) -> None:
        self.store, self.model_cache, self.cache = store, model_cache, cache
        self.kinds: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "predict": self.predict,
            "counterfactual": self.counterfactual,
            "explain": self.explain,
            "similar": SimilarQuestions(store, self._example).answer,
        }

    def predict(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What a run says about a post, and all that it looked at.

        Raises:
            InputError: there is no such run, post or picture, or the text has no words.
        """
        run, example = self.model_cache.get(_text(payload, "run")), self._example(payload)
        found = self._kept(run, example)
        return {**found, "spans": self._in_types(payload, run, found["spans"])}

    def counterfactual(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What the run would say if something were otherwise.

        Raises:
            InputError: the change is unknown, changes nothing that the run reads, or speaks of what is not there.
        """
        run, example = self.model_cache.get(_text(payload, "run")), self._example(payload)
        original = self._kept(run, example)
        changed, batcher = changed_post(self.store, payload, run, example)
        [said] = predict(run.model, batcher, [changed], 1)
        return {
            "run": run.folder.name,
            "text": changed.text,
            "tokens": _places(changed),
            "spans": self._in_types(payload, run, prediction_record(changed, said)["spans"]),
            "original": self._in_types(payload, run, original["spans"]),
        }

    def explain(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What an entity rests on: a score for each word, region and object.

        Raises:
            InputError: the range is not in the text, the run does not know the label, or the method.
        """
        run, example = self.model_cache.get(_text(payload, "run")), self._example(payload)
        label = label_of_run(_text(payload, "label"), run.plan.labels, self._mapping(payload, run))
        span, method = asked_span(payload, example, label), _text(payload, "method")
        key = entity_key(self._key(run, example), span, method)
        found = self.cache.get(key)
        if found is None:
            shown = [Evidence.from_json(each) for each in self._kept(run, example)["evidence"]]
            found = explained(run, example, span, method, shown)
            self.cache.put(key, found)
        return {"run": run.folder.name, **found}

    def _example(self, payload: Mapping[str, Any]) -> Example:
        if payload.get("post") is not None:
            return post(self.store, int(payload["post"])).example
        text, sha256 = _text(payload, "text"), payload.get("image")
        example = Example(id="", text=text, tokens=tokenize(text))
        if not example.tokens:
            raise InputError("The text has no words: write something to read.")
        if sha256 is None:
            return example
        path = image_path(self.store.home, str(sha256))
        if not str(sha256).isalnum() or not path.is_file():
            raise InputError("The picture is not here any more: upload it again.")
        return replace(example, image=path, image_name=str(sha256))

    def _in_types(self, payload: Mapping[str, Any], run: Run, spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The spans under the names that the run's labels have in the post's data set."""
        mapping = self._mapping(payload, run)
        named = [{**span, "label": mapping.get(span["label"], span["label"])} for span in spans]
        return [span for span in named if span["label"]]

    def _mapping(self, payload: Mapping[str, Any], run: Run) -> Mapping[str, str]:
        """What the run's labels are called in the post's data set (`db.run_labels`)."""
        if payload.get("post") is None:
            return {}
        of = dataset(self.store, post(self.store, int(payload["post"])).dataset)
        return of.run_labels.get(run.folder.name, {})

    def _key(self, run: Run, example: Example) -> str:
        picture = image_digest(example.image) if example.image is not None and example.image.is_file() else ""
        extractors = run.features.extractor.version if run.features is not None else ""
        versions = [system_digest(run.plan.system, __name__), extractors]
        return evidence_key(run.record, versions, example, picture)

    def _kept(self, run: Run, example: Example) -> dict[str, Any]:
        key = self._key(run, example)
        found = self.cache.get(key)
        if found is None:
            [said] = predict(run.model, run.batcher, [example], 1, True)
            found = self._to_json(run, example, said)
            self.cache.put(key, found)
        return {"run": run.folder.name, **found, "pictures": self._pictures(run, found["evidence"])}

    def _to_json(self, run: Run, example: Example, said: Prediction) -> dict[str, Any]:
        return {
            "text": example.text,
            "tokens": _places(example),
            "spans": prediction_record(example, said)["spans"],
            "confidence_source": said.confidence_source,
            "evidence": [each.to_json() for each in said.evidence],
            "picture": _picture(run.features.features(example)) if run.features is not None else None,
            "context": run.batcher.context(example) if run.plan.settings.context != "none" else None,
        }

    def _pictures(self, run: Run, evidence: list[dict[str, Any]]) -> dict[str, Any]:
        """Where the neighbours' pictures are, by the key that the evidence calls them."""
        axes = [axis for each in evidence for axis in zip(each["axes"], each["items"], strict=True)]
        items = {neighbour_key(item): item for name, items in axes if name == "neighbour" for item in items}
        neighbourhood = run.batcher.providers.neighbourhood
        if not items or not isinstance(neighbourhood, PoolNeighbourhood):
            return {}
        keys = {name: PostKey(str(item.get("split", "")), str(item["post"])) for name, item in items.items()}
        trained_on = str(run_named(self.store, run.folder.name).data["name"])
        numbers = _numbers(self.store, trained_on, {key.post for key in keys.values()})
        return {
            name: {"post": numbers.get(key), "image": neighbourhood.image_digest(key)} for name, key in keys.items()
        }


def _places(example: Example) -> list[list[int]]:
    return [[token.start, token.end] for token in example.tokens]


def _picture(features: ImageFeatures) -> dict[str, Any]:
    return {
        "ok": features.image_ok,
        "objects": [{"label": it.label, "box": list(it.box), "score": it.score} for it in features.objects],
        "attributes": [list(attribute) for attribute in features.attributes],
        "caption": features.caption,
    }


def _numbers(store: Store, name: str, ids: Collection[str]) -> dict[PostKey, int]:
    """The posts with these ids of the data set that a run was trained on; empty where it is not here.

    Each goes by its split and the id in its file and, for the pools of older runs, by its id alone.
    """
    try:
        found = numbers_of(store, name, [*dataset(store, name).splits], ids)
    except InputError:
        return {}
    in_order = sorted(found.items(), key=lambda item: item[0][0] == "train")  # the pool is, first of all, train
    alone = {PostKey("", name): number for (_, name), number in in_order}
    return alone | {PostKey(*key): number for key, number in found.items()}


def _text(payload: Mapping[str, Any], field: str) -> str:
    value = payload.get(field)
    if not isinstance(value, str) or not value:
        raise InputError(f"The question names no {field}.")
    return value
