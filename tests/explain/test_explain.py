"""What an entity rests on, for every system of the catalog; with references that know nothing of captum."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mner_core.catalog.profiles import profile
from mner_core.catalog.system import Needs
from mner_core.catalog.systems import SYSTEMS, system
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.data.tokenize import tokenize
from mner_core.explain.attributions import NEARLY, STEPS, Attributions, explain, integrated_gradients, surest
from mner_core.explain.curves import POINTS, attention_of, curves, of_post
from mner_core.explain.target import EntityTarget
from mner_core.home import Home
from mner_core.knowledge.graph_files import read_graph
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.write import write_scenes
from mner_core.training.plan import Plan
from mner_core.training.run import Run, load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Evidence, Example, InputError, Span

PICTURED = [name for name in SYSTEMS if system(name).settings().needs.pictures]


class Made:
    """Runs of tiny scenes, each trained when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home")
        write_scenes(folder / "scenes", 60, 2, Knobs(ambiguous=0.4, posters=0.3))
        self.data: Dataset = read_dataset(folder / "scenes")
        self.graph, _ = read_graph(folder / "scenes" / "knowledge")
        self.run = cache(self._run)

    def _run(self, name: str) -> Run:
        entry = system(name)
        heads = {"heads": 4} if hasattr(entry.settings, "heads") else {}
        quick = {"epochs": 3, "encoder_rate": 0.002, "head_rate": 0.02, **heads}
        settings = entry.resolve("tiny", "", quick)
        plan = Plan(system=entry, variant="", settings=settings, labels=self.data.labels, profile=profile("tiny"))
        posts = self.data.split("train")
        graph = self.graph if settings.needs.knowledge else None
        request = TrainingRequest(plan=plan, train=posts, dev=[], others=[], data="scenes", seed=0, graph=graph)
        train(request, self.folder / name, self.home)
        return load(self.folder / name, self.home)

    def post(self) -> tuple[Example, Span]:
        """A post of another split, with a picture and an entity of gold."""
        found = next(each for each in self.data.split("test") if each.image and each.spans)
        return found, sorted(found.spans or ())[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("explained"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_scores_sum_up_to_what_they_explain(name: str, made: Made) -> None:
    """The contract of every system: nothing that the model reads of text and picture is left out."""
    post, span = made.post()
    found = explain(made.run(name), post, span)
    assert found.completeness_error <= NEARLY
    answer = found.to_json()
    given = [*answer["words"], *answer["objects"], *({"score": each} for each in answer["regions"] or ())]
    total = sum(each["score"] for each in given)
    difference = answer["entity"]["log_probability"] - answer["baseline_log_probability"]
    assert answer["completeness_error"] == pytest.approx(abs(total - difference) / max(abs(difference), 0.1), abs=1e-6)
    needs: Needs = made.run(name).plan.needs
    assert (answer["regions"] is not None) == needs.grid
    assert bool(answer["objects"]) == needs.objects
    assert [post.text[each["start"] : each["end"]] for each in answer["words"]] == list(post.words)


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_is_explained_is_computed_as_confidences_are(name: str, made: Made) -> None:
    run, (post, span) = made.run(name), made.post()
    target = EntityTarget(run, post, span)
    batch = run.batcher.batch([post])
    with torch.no_grad():
        emissions = run.model.emissions(run.model.states(batch, None))
        [[share]] = run.model.crf.span_probabilities(emissions, batch.words, [[span]])
        found = float(target.log_probability(*target.parts.values()))
    assert np.exp(found) == pytest.approx(share, abs=1e-5)


@pytest.mark.parametrize("name", ["bert-crf", "rgcn", "umgf"])
def test_integrated_gradients_equal_a_sum_along_the_path(name: str, made: Made) -> None:
    """The textbook's sum: the mean of the gradients at points of the straight path, times the way."""
    target = EntityTarget(made.run(name), *made.post())
    inputs, baselines = [*target.parts.values()], [*target.baselines.values()]
    steps, sums = 200, [torch.zeros_like(each) for each in inputs]
    with target.choices_held():
        for step in range(steps):
            share = (step + 0.5) / steps
            at = [
                (start + share * (end - start)).detach().requires_grad_()
                for start, end in zip(baselines, inputs, strict=True)
            ]
            gradients = torch.autograd.grad(target.log_probability(*at).sum(), at)
            sums = [total + each / steps for total, each in zip(sums, gradients, strict=True)]
    wanted = [total * (end - start) for total, start, end in zip(sums, baselines, inputs, strict=True)]
    found = integrated_gradients(target)
    torch.testing.assert_close(found.scores.float(), target.of_units(wanted), atol=5e-3, rtol=0.05)


@pytest.mark.parametrize("name", ["rgcn", "hamlearning"])
def test_ablation_is_the_loss_of_each_unit_taken_away_alone(name: str, made: Made) -> None:
    run, (post, span) = made.run(name), made.post()
    found = explain(run, post, span, "ablation")
    target = found.target
    parts = {name: part.clone() for name, part in target.parts.items()}
    region = next(place for place, unit in enumerate(target.units) if unit.kind == "region") + 20
    assert target.units[region].number == 20
    parts["regions"][0, 20] = target.baselines["regions"][0, 20]
    with target.choices_held(), torch.no_grad():
        without = float(target.log_probability(*parts.values()))
    assert found.scores[region] == pytest.approx(found.log_probability - without, abs=1e-5)


def test_every_piece_of_a_word_counts_for_it_in_long_posts_too(made: Made) -> None:
    """Under `first` only a word's first piece is read for it; all of them belong to it. Invisible words have none."""
    run = made.run("bert-crf")
    text = "Unbelievably \u200d long-winded " + " ".join(f"word{number}" for number in range(150))
    post = Example(id="", text=text, tokens=tokenize(text))
    target = EntityTarget(run, post, Span(0, 1, "PER"))
    windows = target.batch.pieces.ids.shape[0]
    assert windows > 1, "the post is longer than the encoder's input"
    pieces = run.batcher.pieces.pieces(post.words)
    spelled = target._spelled[0].tolist()
    first = [word for word, of_word in enumerate(pieces) for _ in of_word]
    assert spelled[1:20] == first[:19]
    assert {word for word in range(len(post.tokens)) if not pieces[word]}.isdisjoint(target._spelled.flatten().tolist())
    assert explain(run, post, Span(0, 1, "PER")).completeness_error <= NEARLY


def test_taggers_inside_a_model_decide_as_for_the_post_itself(made: Made) -> None:
    run, (post, span) = made.run("gei"), made.post()
    target = EntityTarget(run, post, span)
    detector = run.model.detector.crf  # type: ignore[union-attr]
    emissions = torch.randn(3, len(post.tokens), len(detector.tags))
    real = torch.ones(3, len(post.tokens), dtype=torch.bool)
    free = detector.decode(emissions, real)
    with target.choices_held():
        held = detector.decode(emissions, real)
    assert held == held[:1] * 3
    assert detector.decode(emissions, real) == free, "and as they like afterwards"


@pytest.mark.parametrize("name", ["bert-crf", "umgf"])
def test_a_post_without_a_picture_is_explained_by_its_words(name: str, made: Made) -> None:
    post, span = made.post()
    found = explain(made.run(name), replace(post, image=None, image_name=None), span).to_json()
    assert found["regions"] is None
    assert found["objects"] == []
    assert "mean" not in found["baseline"]


def test_a_run_from_before_means_were_kept_uses_those_of_the_picture(made: Made) -> None:
    run, (post, span) = made.run("rgcn"), made.post()
    assert (
        explain(run, post, span)
        .to_json()["baseline"]
        .endswith("the mean of the training pictures for a region or an object")
    )
    old = load(run.folder, made.home)
    kept = run.folder / "picture_means.safetensors"
    aside = kept.rename(kept.with_suffix(".aside"))
    try:
        found = explain(old, post, span)
        assert "the mean of this picture" in found.to_json()["baseline"]
        torch.testing.assert_close(
            found.target.baselines["regions"][0, 7], found.target.parts["regions"][0].mean(dim=0)
        )
    finally:
        aside.rename(kept)


def test_the_surest_entity_is_explained_by_default_and_errors_are_sentences(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, (post, span) = made.run("bert-crf"), made.post()
    with pytest.raises(InputError, match=r"no method 'shap'; choose one of integrated-gradients, ablation\."):
        explain(run, post, span, "shap")
    with pytest.raises(InputError, match="does not know the label 'DRUG'; it knows"):
        explain(run, post, Span(0, 1, "DRUG"))
    with pytest.raises(InputError, match="no words"):
        explain(run, Example(id="", text="", tokens=()), span)
    said = replace(run.predict_posts([post])[0], spans=(), confidences=())
    monkeypatch.setattr(Run, "predict_posts", lambda *_: [said])
    with pytest.raises(InputError, match="finds no entity in this text; name one"):
        surest(run, post)
    two = replace(said, spans=(Span(0, 1, "PER"), Span(1, 2, "LOC")), confidences=(0.4, 0.6))
    monkeypatch.setattr(Run, "predict_posts", lambda *_: [two])
    assert surest(run, post) == Span(1, 2, "LOC")


def test_more_steps_are_taken_until_the_scores_sum_up(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    target = EntityTarget(made.run("bert-crf"), *made.post())
    asked: list[int] = []

    def integrated(target: EntityTarget, steps: int) -> Attributions:
        asked.append(steps)
        scores = torch.tensor([1.0 + 3.0 / steps])
        return Attributions(
            method="", steps=steps, target=target, scores=scores, log_probability=1.0, baseline_log_probability=0.0
        )

    monkeypatch.setattr("mner_core.explain.attributions._integrated", integrated)
    assert integrated_gradients(target).steps == 2 * STEPS
    assert asked == [STEPS, 2 * STEPS], "3/32 is more than a twentieth, 3/64 is not"


@pytest.mark.parametrize("name", PICTURED)
def test_curves_order_what_is_read_of_the_picture(name: str, made: Made) -> None:
    run, (post, span) = made.run(name), made.post()
    target = EntityTarget(run, post, span)
    found = of_post(target, run.predict_posts([post], evidence=True)[0])
    assert found is not None
    for curve in (found.deletion, found.insertion):
        assert set(curve) == {"attribution", "attention", "random"}
        assert all(0 <= value <= 1 for value in curve.values())
    assert found.rank_correlation is None or -1 <= found.rank_correlation <= 1


def test_a_curve_of_the_best_order_is_the_lowest(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each unit adds its own amount, the order of the amounts is best: deletion by it is below any other."""
    target = EntityTarget(made.run("bert-crf"), *made.post())
    number = len(target.units)
    amounts = torch.linspace(-1, 2, number)[torch.randperm(number, generator=torch.Generator().manual_seed(0))]
    monkeypatch.setattr(EntityTarget, "of_variants", lambda _, kept: (kept.double() @ amounts.double()) - 9)

    def additive(target: EntityTarget) -> Attributions:
        return Attributions(
            method="", steps=1, target=target, scores=amounts, log_probability=0, baseline_log_probability=0
        )

    monkeypatch.setattr("mner_core.explain.curves.integrated_gradients", additive)
    [said] = target.run.predict_posts([target.example])
    found = of_post(target, said)
    assert found is not None
    assert found.deletion["attribution"] < found.deletion["random"]
    assert found.insertion["attribution"] > found.insertion["random"]
    assert not found.shows_attention
    assert found.deletion["attention"] == found.deletion["random"]
    assert found.rank_correlation is None
    order = amounts.argsort(descending=True).numpy()
    points = np.unique(np.linspace(0, number, min(POINTS, number) + 1).round().astype(int))
    left = [float((amounts.double().sum() - amounts.double()[order[:point]].sum() - 9).exp()) for point in points]
    assert found.deletion["attribution"] == pytest.approx(np.mean(left))


def test_curves_over_a_split_pair_the_posts(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    run = made.run("rgcn")
    posts = made.data.split("valid")
    found = curves(run, posts)
    kept = sum(bool(each.spans) for each in run.predict_posts(posts))
    assert found.posts == kept
    assert found.p is None or 0 <= found.p <= 1


def test_attention_is_that_of_the_entity_and_nan_where_there_is_none(made: Made) -> None:
    target = EntityTarget(made.run("rgcn"), *made.post())
    words = len(target.example.tokens)
    values = np.zeros((2, words, 49), np.float32)
    values[0, target.span.start, 5], values[1, target.span.start, 5] = 0.2, 0.6
    items: Any = (tuple({"index": 0} for _ in range(2)), tuple({} for _ in range(words)), tuple({} for _ in range(49)))
    shown = Evidence(
        name="a", kind="attention", axes=("head", "word", "region"), items=items, values=values, reduced=""
    )
    found = attention_of([shown], target)
    width = target.span.end - target.span.start
    assert found[words + 5] == pytest.approx(0.4 / width)
    assert np.isnan(found[:words]).all()
    assert np.isnan(attention_of([], target)).all()
