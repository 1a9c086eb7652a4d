"""The profile `paper` with small random weights, and the names and shapes of the published ones."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision import models
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights, MaskRCNN_ResNet50_FPN_Weights
from torchvision.ops import FrozenBatchNorm2d
from transformers import (
    BertConfig,
    BertModel,
    BlipConfig,
    BlipForConditionalGeneration,
    DetrConfig,
    DetrForObjectDetection,
    OwlViTConfig,
    OwlViTForObjectDetection,
    ResNetConfig,
)

from mner_core.catalog.profiles import Profile, profile
from mner_core.data.tokenize import tokenize
from mner_core.features.extractor import extractor
from mner_core.features.grounding import Grounding
from mner_core.features.nets import detr, rcnn
from mner_core.features.nets.blip import Blip
from mner_core.features.nets.detr import Detr
from mner_core.features.nets.imagenet import VGG16, InceptionV3, RegionNet, ResNet152
from mner_core.features.nets.owlvit import OwlViT
from mner_core.features.nets.rcnn import FasterRCNNDetector, FasterRCNNRegions, MaskRCNNDetector, MaskRCNNRegions
from mner_core.features.nets.state import filled, normalised
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.text import noun_phrases
from mner_core.text.encoder import load_text_encoder, text_encoder
from mner_core.text.noun_phrases import GENERAL, CapitalRuns
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example, ImageObject, InputError
from mner_core.weights import hub
from mner_core.weights.state import read_state
from tests.features import paper_weights
from tests.features.pictures import draw, features_of, same
from tests.weights import published_names

PAPER = profile("paper")
REGION_NETS = (ResNet152, VGG16, InceptionV3, FasterRCNNRegions, MaskRCNNRegions)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with small weights of everything."""
    home = tmp_path_factory.mktemp("home")
    paper_weights.write_weights(home)
    return home


@pytest.fixture
def weights(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """That home in use; its folder of weights."""
    with paper_weights.in_use(written, monkeypatch) as home:
        yield home / "weights/paper"


@pytest.fixture
def own(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A function that copies one part's weights into a folder that a test may spoil, and puts it into use."""

    def copied(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file in (weights / name).iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        monkeypatch.setenv("MNER_WEIGHTS", str(tmp_path))
        return folder

    return copied


def photo(seed: int = 0, size: tuple[int, int] = (60, 80)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8))


# What the published files hold, at their real size.


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return build()


@pytest.mark.parametrize(
    ("kind", "shapes", "said"),
    [
        (ResNet152, published_names.resnet(), models.ResNet152_Weights.IMAGENET1K_V1),
        (VGG16, published_names.vgg16(), models.VGG16_Weights.IMAGENET1K_V1),
        (FasterRCNNDetector, published_names.rcnn(), FasterRCNN_ResNet50_FPN_Weights.COCO_V1),
        (MaskRCNNDetector, published_names.rcnn(masks=True), MaskRCNN_ResNet50_FPN_Weights.COCO_V1),
    ],
)
def test_torchvisions_published_names_load_strictly(
    kind: type[RegionNet], shapes: published_names.Shapes, said: models.WeightsEnum
) -> None:
    net = on_meta(kind.build)
    net.load_state_dict({name: torch.empty(shape, device="meta") for name, shape in shapes.items()}, assign=True)
    numbers = sum(math.prod(shape) for shape in shapes.values())
    assert numbers * 4 / 2**20 == pytest.approx(said.meta["_file_size"], rel=0.002)
    if "running_mean" not in str(list(shapes)):
        assert numbers == said.meta["num_params"]
    assert said.url == f"{hub.TORCHVISION}/{hub.PUBLISHED[kind.name].file}"


def test_inception_is_the_published_one_by_its_size() -> None:
    net, said = on_meta(InceptionV3.build), models.Inception_V3_Weights.IMAGENET1K_V1
    assert sum(each.numel() for each in net.parameters()) == said.meta["num_params"]
    assert said.url == f"{hub.TORCHVISION}/{hub.PUBLISHED['inception-v3'].file}"
    assert isinstance(net, models.Inception3)
    assert net.transform_input


def test_the_published_bert_holds_every_parameter() -> None:
    shapes = published_names.bert()
    assert len(shapes) == 206
    assert 440_449_768 - 32_768 < 4 * sum(math.prod(shape) for shape in shapes.values()) < 440_449_768
    old = {"gamma": "weight", "beta": "bias"}
    plain = {re.sub(r"gamma$|beta$", lambda end: old[end.group()], name): shape for name, shape in shapes.items()}
    model = on_meta(lambda: BertModel(BertConfig(), add_pooling_layer=False))
    assert {name: tuple(each.shape) for name, each in model.named_parameters()} == {
        name.removeprefix("bert."): shape
        for name, shape in plain.items()
        if name.startswith("bert.") and "pooler" not in name
    }


def of_model(model: nn.Module) -> published_names.Shapes:
    return {name: tuple(each.shape) for name, each in model.state_dict().items()}


def test_the_published_blip_and_owlvit_are_transformers_own() -> None:
    blip = published_names.blip()
    assert blip == of_model(on_meta(lambda: BlipForConditionalGeneration(BlipConfig())))
    assert 0 < 989_820_849 - 4 * sum(math.prod(shape) for shape in blip.values()) < 100_000
    assert published_names.owlvit() == of_model(on_meta(lambda: OwlViTForObjectDetection(OwlViTConfig())))


def test_the_published_detr_has_transformers_shapes() -> None:
    body = ResNetConfig(out_features=["stage4"]).to_dict()
    config = DetrConfig(use_timm_backbone=False, backbone_config=body, num_labels=91)
    model = of_model(on_meta(lambda: DetrForObjectDetection(config)))
    assert Counter(published_names.detr().values()) == Counter(model.values())  # the small one's names are loaded below


# The nets, small.


@pytest.mark.parametrize("kind", REGION_NETS)
def test_regions_are_the_nets_maps_row_by_row(kind: type[RegionNet], weights: Path) -> None:
    net, pictures = kind(), [photo(1), photo(2, (50, 50)), photo(3)]
    grids, vectors, classes = net.look(pictures)
    width = profile("paper").with_parts({"grid": kind.name}).grid_width
    assert (grids.shape, vectors.shape) == ((3, 49, width), (3, width))
    with torch.inference_mode():
        maps = net.maps(normalised(pictures, kind.size))
    if maps.shape[2:] == (7, 7):
        assert np.allclose(grids[1, 7 * 2 + 5], maps[1, :, 2, 5], atol=1e-5)
    assert np.allclose(vectors, maps.mean(dim=(2, 3)), atol=1e-5)
    assert len(classes) == (0 if "rcnn" in kind.name else 5)
    alone = net.look(pictures[1:2])
    assert np.allclose(alone[0][0], grids[1], atol=1e-4)


@pytest.mark.parametrize("kind", [ResNet152, VGG16, InceptionV3])
def test_classes_are_those_of_the_nets_own_pass(kind: type[RegionNet], weights: Path) -> None:
    net = kind()
    pixels = normalised([photo(4)], kind.size)
    with torch.inference_mode():
        logits = net._net(pixels) if kind is not VGG16 else net._net.classifier(net._net.features(pixels).flatten(1))
    best = logits[0].softmax(dim=0).topk(5)
    names = models.Inception_V3_Weights.IMAGENET1K_V1.meta["categories"]
    found = net.look([photo(4)])[2]
    assert [name for name, _ in found] == [names[place] for place in best.indices]
    assert [share for _, share in found] == pytest.approx(best.values.tolist(), abs=1e-5)


def test_pixels_are_normalised_as_torchvision_does() -> None:
    picture = photo(5, (224, 224))
    expected = models.ResNet152_Weights.IMAGENET1K_V1.transforms(crop_size=224, resize_size=224)(picture)
    assert torch.allclose(normalised([picture], 224)[0].cpu(), expected, atol=1e-5)


def test_everything_is_frozen(weights: Path) -> None:
    for kind in (*REGION_NETS, FasterRCNNDetector, Detr, OwlViT, Blip):
        net = kind()._net
        assert not any(module.training for module in net.modules())
        assert not any(each.requires_grad for each in net.parameters())
    net = ResNet152()
    before = net._net.bn1.running_mean.clone()
    net.look([photo()])
    assert torch.equal(net._net.bn1.running_mean, before)


@pytest.mark.parametrize("kind", [FasterRCNNDetector, MaskRCNNDetector])
def test_detectors_boxes_are_the_nets_as_shares(
    kind: type[FasterRCNNDetector], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rcnn, "THRESHOLD", 0.0)
    net, picture = kind(), photo(6)
    pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1) / 255
    with torch.inference_mode():
        raw = net._net([pixels])[0]
    assert "masks" not in raw
    found = net.detect(picture)
    assert found
    for thing, box, score in zip(found, raw["boxes"].tolist(), raw["scores"].tolist(), strict=False):
        assert np.multiply(thing.box, [80, 60, 80, 60]) == pytest.approx(box, abs=1e-2)
        assert thing.score == pytest.approx(score)
        assert thing.label in rcnn.NAMES
    monkeypatch.setattr(rcnn, "THRESHOLD", 2.0)
    assert net.detect(picture) == ()


def test_the_published_batch_norms_add_nothing_to_the_variance() -> None:
    for build in (rcnn.faster_rcnn, rcnn.mask_rcnn):
        norms = [each for each in on_meta(build).modules() if isinstance(each, FrozenBatchNorm2d)]
        assert len(norms) == 53
        assert {each.eps for each in norms} == {0.0}


def test_detr_keeps_what_it_is_sure_of(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, picture = Detr(), photo(7)
    prepared = net._prepare(images=picture, return_tensors="pt")
    with torch.inference_mode():
        told = net._prepare.post_process_object_detection(net._net(**prepared), 0.0, [(60, 80)])[0]
    monkeypatch.setattr(detr, "THRESHOLD", 0.0)
    found = net.detect(picture)
    assert [thing.score for thing in found] == sorted((thing.score for thing in found), reverse=True)
    best = int(told["scores"].argmax())
    assert found[0].score == pytest.approx(float(told["scores"][best]))
    assert found[0].label == f"thing {int(told['labels'][best])}"
    expected = told["boxes"][best].clamp(min=0).tolist()
    assert np.multiply(found[0].box, [80, 60, 80, 60]) == pytest.approx(
        np.minimum(expected, [80, 60, 80, 60]), abs=1e-2
    )
    monkeypatch.setattr(detr, "THRESHOLD", 0.7)
    assert all(thing.score > 0.7 for thing in net.detect(picture))


def test_owlvit_answers_each_phrase_with_one_box(weights: Path) -> None:
    net, picture = OwlViT(), photo(8)
    asked = ["a red bike", "person", "🎉", "x" * 300]
    found = net.find(picture, asked)
    assert [thing.label for thing in found] == asked
    for thing in found:
        left, top, right, bottom = thing.box
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    [alone] = net.find(picture, ["person"])
    assert alone.box == pytest.approx(found[1].box, abs=1e-5)
    assert alone.score == pytest.approx(found[1].score, abs=1e-5)
    assert net.find(picture, []) == ()


def test_blip_says_the_same_of_the_same_picture(weights: Path) -> None:
    net = Blip()
    caption = net.caption(photo(9))
    assert caption
    assert caption == net.caption(photo(9))
    assert not re.search(r"\[[A-Z]+\]|##", caption)


def test_bert_of_the_published_names_is_the_text_encoder(weights: Path) -> None:
    encoder = text_encoder("bert-base-uncased")
    stored = load_file(weights / "bert-base-uncased/model.safetensors")
    own = encoder.model.state_dict()
    assert torch.equal(own["embeddings.LayerNorm.weight"], stored["bert.embeddings.LayerNorm.gamma"])
    assert torch.equal(
        own["encoder.layer.1.output.LayerNorm.bias"], stored["bert.encoder.layer.1.output.LayerNorm.beta"]
    )
    assert encoder.width == paper_weights.WIDTH
    assert [len(of_word) for of_word in encoder.pieces.pieces(["Rio", "a"])] == [3, 1]


@pytest.mark.usefixtures("weights")
def test_letters_that_the_vocabulary_lacks_get_pieces_of_their_own() -> None:
    plain = text_encoder("bert-base-uncased")
    words = ["徐", "悲", "徐", "Rio", "go東", "🎉", "नि"]
    unknown = plain.pieces.pieces(["🎉"])[0]
    assert [plain.pieces.pieces([word])[0] for word in words[:2]] == [unknown, unknown]
    pieces = plain.pieces.knowing(words)
    assert pieces.pieces(words) == plain.pieces.knowing(words[::-1]).pieces(words), "the order of posts says nothing"
    of_word = pieces.pieces(words)
    assert of_word[3] == plain.pieces.pieces(["Rio"])[0], "what was known stays what it was"
    assert of_word[5] == unknown, "a sign is no letter"
    rows = [row for row, word in zip(of_word, words, strict=True) if word not in {"Rio", "🎉"}]
    new = sorted({row for of in rows for row in of if row >= plain.pieces.number})
    assert new == list(range(plain.pieces.number, pieces.number))
    assert len({tuple(row) for row in rows}) == 4, "徐 twice, and four words that differ"
    assert unknown[0] not in {row for of in rows for row in of}
    assert pieces.pieces(["卍"])[0] == unknown, "nobody taught it"


@pytest.mark.usefixtures("weights")
def test_a_larger_vocabulary_changes_nothing_for_known_words(tmp_path: Path) -> None:
    small, large = text_encoder("bert-base-uncased"), text_encoder("bert-base-uncased")
    large = large.reading(large.pieces.knowing(["徐悲鸿"]))
    ids = torch.tensor([[piece for of_word in small.pieces.pieces(["Rio", "at", "night"]) for piece in of_word]])
    answers = [encoder.model.eval()(input_ids=ids).last_hidden_state for encoder in (small, large)]
    assert torch.equal(*answers)
    drawn = large.model.embeddings.word_embeddings.weight[small.pieces.number :]
    assert len(torch.unique(drawn, dim=0)) == 3, "letters can be told apart from the start"
    large.save(tmp_path)
    again = load_text_encoder(tmp_path)
    assert again.pieces.pieces(["徐悲鸿"]) == large.pieces.pieces(["徐悲鸿"])
    assert again.model.config.vocab_size == large.pieces.number


# Together, as a profile.


@pytest.fixture
def runs_for_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """NounPhrases without spaCy, whose model may not be installed."""
    monkeypatch.setitem(noun_phrases._CHUNKERS, "en-core-web-sm", CapitalRuns)  # type: ignore[arg-type]


def said(text: str, image: Path) -> Example:
    return Example(id="1", text=text, tokens=tokenize(text), image=image, image_name=image.name)


def parts(**chosen: str) -> Profile:
    return PAPER.with_parts(chosen)


@pytest.mark.parametrize(
    "chosen",
    [
        PAPER,
        parts(objects="mask-rcnn", grid="mask-rcnn"),
        parts(objects="detr-resnet-50", captions="composed", attributes="resnet152"),
        parts(grid="vgg16", objects="none", captions="composed"),
    ],
)
def test_a_picture_is_described_and_kept(chosen: Profile, weights: Path, tmp_path: Path) -> None:
    post = said("a red bike", draw(tmp_path / "1.png", 1))
    store = FeatureStore(chosen, Home(tmp_path / "home"))
    known = store.features(post)
    assert known.image_ok
    assert known.grid.shape == (49, chosen.grid_width)
    assert known.object_vectors.shape == (len(known.objects), chosen.object_width)
    assert len(known.attributes) == 5
    assert known.caption
    assert same(known, FeatureStore(chosen, Home(tmp_path / "home")).features(post))
    assert store.extractor.nothing().grid.shape == known.grid.shape
    given = features_of(store, draw(tmp_path / "1.png", 1), (ImageObject("hat", (0.1, 0.2, 0.6, 0.9), 0.8),))
    assert [thing.label for thing in given.objects] == ["hat"]
    assert given.object_vectors.shape == (1, chosen.object_width)


def test_what_a_post_says_decides_what_is_found(weights: Path, tmp_path: Path, runs_for_phrases: None) -> None:
    chosen = parts(objects="owlvit-base-patch32", captions="composed", attributes="resnet152")
    image = draw(tmp_path / "1.png", 1)
    one, other = said("my red bike at the old tower", image), said("nothing like it", image)
    home = Home(tmp_path / "home")
    store = FeatureStore(chosen, home)
    assert store.key(one) != store.key(other)
    seen = store.features(one)
    assert [thing.label for thing in seen.objects] == ["red bike", "old tower", *GENERAL]
    assert store.features(other).objects[-4:] != seen.objects[:4]
    found = Grounding(chosen, home).links(one, seen)
    places = {word: set(np.flatnonzero(row)) for word, row in zip(one.words, found.joined, strict=True)}
    general = {2, 3, 4, 5}
    assert places["red"] == places["bike"] == {0, *general}
    assert places["old"] == places["tower"] == {1, *general}
    assert places["at"] == places["my"] == general


def test_features_of_other_weights_are_never_read(own: Callable[[str], Path], tmp_path: Path) -> None:
    folder = own("resnet152")
    before = extractor(PAPER).version
    vectors = sentence_vectors(["a bike"], PAPER.text, Home(tmp_path / "home"))
    file = folder / hub.SAFE
    state = load_file(file)
    save_file({name: value + 1 for name, value in state.items()}, file)
    assert extractor(PAPER).version != before
    bert = own("bert-base-uncased") / hub.SAFE
    save_file({name: value + 1 for name, value in load_file(bert).items()}, bert)
    paper_weights.forget()
    assert not np.allclose(vectors, sentence_vectors(["a bike"], PAPER.text, Home(tmp_path / "home")))


def test_without_weights_the_published_ones_name_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path))
    monkeypatch.delenv("MNER_WEIGHTS", raising=False)
    paper_weights.forget()
    assert extractor(PAPER).version == (
        "features/2 resnet152/1/394f9c45 inception-v3/1/0cc3c7bd faster-rcnn/1/258fb6c6 "
        "blip-image-captioning-base/1/d6638651"
    )


# What is refused.


def change(file: Path, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
    state = load_file(file)
    edit(state)
    save_file(state, file, metadata={"format": "pt"})


def test_weights_of_another_net_are_refused_by_name(own: Callable[[str], Path]) -> None:
    file = own("resnet152") / hub.SAFE
    change(file, lambda state: state.update({"layer5.weight": torch.zeros(1)}))
    with pytest.raises(InputError, match=r"model\.safetensors is not one of resnet152: it also holds layer5\.weight\."):
        ResNet152()
    change(file, lambda state: [state.pop(name) for name in ("layer5.weight", "fc.bias", "fc.weight")])  # type: ignore[func-returns-value]
    with pytest.raises(InputError, match=r"it lacks fc\.bias and 1 more"):
        ResNet152()
    change(file, lambda state: state.update({"fc.bias": torch.zeros(3), "fc.weight": torch.zeros(3, 2048)}))
    with pytest.raises(InputError, match=r"not one of resnet152: size mismatch for fc\.weight"):
        ResNet152()


def test_half_a_transformers_model_is_refused(own: Callable[[str], Path]) -> None:
    change(own("detr-resnet-50") / hub.SAFE, lambda state: [state.pop("class_labels_classifier.bias")])  # type: ignore[arg-type,return-value]
    with pytest.raises(InputError, match=r"is not one of detr-resnet-50: it lacks class_labels_classifier\.bias"):
        Detr()


def test_detrs_other_revision_is_refused_and_the_right_one_named(own: Callable[[str], Path]) -> None:
    file = own("detr-resnet-50") / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config.pop("backbone_config")
    file.write_text(json.dumps(config | {"use_timm_backbone": True, "backbone": "resnet50"}), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"cannot be read \(.*timm.*huggingface\.co/facebook/detr-resnet-50/tree/no_timm"
    ):
        Detr()


class Code:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        import os

        return os.system, ("touch executed",)


def test_code_in_a_file_of_weights_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"fc.weight": Code()}, tmp_path / "bad.pth")
    with pytest.raises(InputError, match=r"bad\.pth is not read: it is damaged or holds more than tensors"):
        read_state(tmp_path / "bad.pth")
    assert not (tmp_path / "executed").exists()
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0")
    with pytest.raises(InputError, match=r"cut\.safetensors is not read"):
        read_state(tmp_path / "cut.safetensors")


def test_torchs_own_format_is_read_as_published(own: Callable[[str], Path]) -> None:
    folder = own("resnet152")
    torch.save(load_file(folder / hub.SAFE), folder / "resnet152-394f9c45.pth")
    expected = ResNet152().look([photo()])
    (folder / hub.SAFE).unlink()
    assert np.array_equal(ResNet152().look([photo()])[0], expected[0])


def test_drawing_parameters_disturbs_nobodys_chance(weights: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    filled("resnet152", ResNet152.build)
    Detr()
    assert torch.equal(torch.rand(3), expected)
