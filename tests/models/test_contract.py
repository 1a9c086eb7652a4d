"""What every registered model must keep, whatever its paper says. A model in the catalog is tested by being there."""

import numpy as np
import pytest
import torch

from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.scoring import score
from mner_core.models.base import Model, Progress
from mner_core.training.fit import make_optimizer, predict
from mner_core.types import Evidence
from tests.fakes import make_batcher, make_model, post, random_posts, settings_of, with_garbage

NAMES = list(SYSTEMS)
CASES = [(name, variant) for name in NAMES for variant in ("", *SYSTEMS[name].variants)]


def loss(model: Model, batch: object) -> float:
    with torch.no_grad():
        return float(model.loss(batch, Progress()))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_padding_is_never_read(name: str, variant: str) -> None:
    settings = settings_of(name, variant)
    model = make_model(name, settings).eval()
    batch = make_batcher(name, settings).labelled(random_posts(5))
    garbage = with_garbage(batch)
    assert loss(model, garbage) == pytest.approx(loss(model, batch), abs=1e-4)
    for plain, padded in zip(model.predict(batch), model.predict(garbage), strict=True):
        assert plain.spans == padded.spans
        assert plain.confidences == pytest.approx(padded.confidences, abs=1e-4)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_post_alone_equals_the_post_in_its_batch(name: str, variant: str) -> None:
    settings = settings_of(name, variant)
    model = make_model(name, settings).eval()
    batcher = make_batcher(name, settings)
    posts = [*random_posts(4), post(99, ["Rio"], image=None)]
    together = model.predict(batcher.labelled(posts))
    alone = [model.predict(batcher.labelled([each]))[0] for each in posts]
    for one, other in zip(together, alone, strict=True):
        assert one.spans == other.spans
        assert one.confidences == pytest.approx(other.confidences, abs=1e-4)
    mean = np.mean([loss(model, batcher.labelled([each])) for each in posts])
    assert loss(model, batcher.labelled(posts)) == pytest.approx(mean, abs=1e-4)
    assert loss(model, batcher.labelled(posts[::-1])) == pytest.approx(mean, abs=1e-4)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_every_parameter_gets_a_gradient(name: str, variant: str) -> None:
    settings = settings_of(name, variant)
    model = make_model(name, settings)
    model.loss(make_batcher(name, settings).labelled(random_posts(8)), Progress()).backward()  # type: ignore[no-untyped-call]
    dead = [each for each, value in model.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0]
    assert dead == []


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_one_learning_rate(name: str) -> None:
    settings = settings_of(name)
    model = make_model(name, settings)
    grouped = [id(value) for _, values in model.rate_groups(settings) for value in values]
    assert sorted(grouped) == sorted(id(value) for value in model.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_sixteen_posts_are_memorised(name: str) -> None:
    posts = random_posts(16, seed=3)
    posts = [each for each in posts if len({tuple(other.words) for other in posts}) == 16 or each.words]
    changes = {"encoder_rate": 3e-3, "fusion_rate": 3e-3, "head_rate": 1e-2}
    settings = settings_of(name, **changes)
    model = make_model(name, settings)
    batch = make_batcher(name, settings).labelled(posts)
    optimizer = make_optimizer(model, settings)
    for step in range(400):
        value = model.loss(batch, Progress())
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % 20 == 19:
            found = predict(model, make_batcher(name, settings), posts, 16)
            if score(posts, [each.spans for each in found]).f1 == 100.0:
                return
            model.train()
    pytest.fail(f"loss is still {float(value):.3f} after 400 steps")


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_weights(name: str) -> None:
    settings = settings_of(name, dropout=0.3)

    def trained(seed: int) -> dict[str, torch.Tensor]:
        model = make_model(name, settings, seed)
        optimizer = make_optimizer(model, settings)
        for batch in make_batcher(name, settings).batches(random_posts(12), 4, seed=seed):
            model.loss(batch, Progress()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return dict(model.state_dict())

    first, again, other = trained(1), trained(1), trained(2)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def check_evidence(evidence: Evidence) -> None:
    assert np.isfinite(evidence.values).all()
    assert all(len(items) for items in evidence.items)
    if evidence.kind == "attention":
        assert evidence.values.sum(-1) == pytest.approx(1, abs=1e-4)
    if evidence.kind in {"attention", "gate"}:
        assert evidence.values.min() >= 0
        assert evidence.values.max() <= 1 + 1e-5
    back = Evidence.from_json(evidence.to_json())
    assert back.axes == evidence.axes
    assert back.values == pytest.approx(evidence.values, abs=1e-5)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_evidence_belongs_to_its_post_and_costs_nothing_else(name: str, variant: str) -> None:
    settings = settings_of(name, variant)
    model = make_model(name, settings).eval()
    posts = [*random_posts(5), post(98, ["Rio", "again"], image=None)]
    batch = make_batcher(name, settings).labelled(posts)
    plain, shown = model.predict(batch), model.predict(batch, evidence=True)
    for example, without, with_evidence in zip(posts, plain, shown, strict=True):
        assert without.spans == with_evidence.spans
        assert without.evidence == ()
        for evidence in with_evidence.evidence:
            check_evidence(evidence)
            if "word" in evidence.axes:
                words = evidence.items[evidence.axes.index("word")]
                assert [item["text"] for item in words] == list(example.words)
    own_image = [each for each in shown[-1].evidence if "region" in each.axes and "word" in each.axes]
    assert own_image == [], "a post without a picture has no attention to one"


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_variant_changes_the_answer(name: str, variant: str) -> None:
    """Full and ablated model disagree on the same posts and seed, unless the variant trains or extracts otherwise."""
    full, changed = settings_of(name), settings_of(name, variant)
    trained_only = {"encoder_rate", "fusion_rate", "head_rate", "batch", "epochs", "pool"}
    extracted = {"text_encoder", "image_encoder", "detector", "classifier", "captioner"}
    if getattr(changed, "edges", "") == "phrase alone":
        extracted |= {"edges"}  # which edges there are is the grounding's matter, not the model's
    differs = {key for key in vars(full) if getattr(full, key) != getattr(changed, key)} - trained_only - extracted
    posts = random_posts(6)
    values = [loss(make_model(name, each).eval(), make_batcher(name, each).labelled(posts)) for each in (full, changed)]
    assert (values[0] != pytest.approx(values[1], abs=1e-6)) == bool(differs)
