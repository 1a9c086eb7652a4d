"""A folder of weights for the profile `paper`: small and random, under the published names, beside the usual files."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from torchvision.models import ResNet
from torchvision.models.detection import FasterRCNN, MaskRCNN
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor
from torchvision.models.resnet import Bottleneck
from torchvision.ops import FrozenBatchNorm2d

from mner_core.features.extractor import extractor
from mner_core.features.nets import imagenet, rcnn
from mner_core.text.sentences import frozen_encoder
from mner_core.weights import hub
from tests.weights import published_names
from tests.weights.published_names import Shapes

DEPTHS = (1, 1, 1, 1)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROWS = 64
"""Words of each small vocabulary."""
INNER = 16
"""Width of the small detectors' heads."""
WIDTH = 48
"""Of the small BERT's states: as many heads as any paper has divide it."""


def random_state(shapes: Shapes, seed: int = 0) -> dict[str, Tensor]:
    """Numbers with which deep nets neither vanish nor explode: variances near 1, weights by what comes in."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        drawn = torch.randn(shape, generator=generator)
        if len(shape) == 1 and name.endswith(("weight", "gamma", "running_var")):
            state[name] = 1 + 0.1 * drawn.tanh()
        elif len(shape) > 1:
            state[name] = drawn * 1.4 / max(1, drawn[0].numel()) ** 0.5
        else:
            state[name] = 0.1 * drawn
    return state


def small_resnet() -> ResNet:
    return ResNet(Bottleneck, [1, 1, 1, 1])


class SmallVGG(nn.Module):
    """VGG16's last maps and the shape of its head, without what lies between."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 512, 32, stride=32), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool1d(64), nn.Linear(64, 1000))


class SmallInception(nn.Module):
    """InceptionV3's last maps and its head."""

    def __init__(self) -> None:
        super().__init__()
        self.Mixed_7c = nn.Conv2d(3, 2048, 32, stride=32)
        self.fc = nn.Linear(2048, 1000)

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.Mixed_7c(pixels).mean(dim=(2, 3)))
        return logits


def _body() -> nn.Module:
    return _resnet_fpn_extractor(ResNet(Bottleneck, [1, 1, 1, 1], norm_layer=FrozenBatchNorm2d), 0)


def small_faster_rcnn() -> FasterRCNN:
    return FasterRCNN(_body(), min_size=64, max_size=96, **_head())


def small_mask_rcnn() -> MaskRCNN:
    return MaskRCNN(_body(), min_size=64, max_size=96, mask_predictor=MaskRCNNPredictor(256, 256, 91), **_head())


def _head() -> dict[str, nn.Module]:
    return {"box_head": TwoMLPHead(256 * 49, INNER), "box_predictor": FastRCNNPredictor(INNER, 91)}


def use_small_nets(patch: pytest.MonkeyPatch) -> None:
    """torchvision's nets have no configuration file: their builders are replaced, everything else is as it is."""
    builders = {
        imagenet.ResNet152: small_resnet,
        imagenet.VGG16: SmallVGG,
        imagenet.InceptionV3: SmallInception,
        rcnn.FasterRCNNDetector: small_faster_rcnn,
        rcnn.FasterRCNNRegions: small_faster_rcnn,
        rcnn.MaskRCNNDetector: small_mask_rcnn,
        rcnn.MaskRCNNRegions: small_mask_rcnn,
    }
    for kind, build in builders.items():
        patch.setattr(kind, "build", staticmethod(build))


@contextmanager
def in_use(home: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """That home and the small nets in use; nothing that was read before or within is remembered."""
    patch.setenv("MNER_HOME", str(home))
    patch.delenv("MNER_WEIGHTS", raising=False)
    use_small_nets(patch)
    forget()
    yield home
    forget()


def forget() -> None:
    """What a process keeps of weights it has read."""
    extractor.cache_clear()
    frozen_encoder.cache_clear()


def write_weights(root: Path) -> Path:
    """Every published part, small, below `root`/weights/paper; returns that folder."""
    folder = root / "weights/paper"
    states = {
        "resnet152": random_state(published_names.resnet(DEPTHS)),
        "vgg16": SmallVGG().state_dict(),
        "inception-v3": SmallInception().state_dict(),
        "faster-rcnn": random_state(published_names.rcnn(DEPTHS, inner=INNER)),
        "mask-rcnn": random_state(published_names.rcnn(DEPTHS, masks=True, inner=INNER)),
    }
    for name, state in states.items():
        write_state(folder / name / hub.SAFE, state)
    write_bert(folder / "bert-base-uncased")
    write_bert(folder / "bert-base-cased")
    write_detr(folder / "detr-resnet-50")
    write_owlvit(folder / "owlvit-base-patch32")
    write_blip(folder / "blip-image-captioning-base")
    return folder


def write_state(file: Path, state: Mapping[str, Tensor]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".safetensors":
        save_file({name: value.contiguous() for name, value in state.items()}, file, metadata={"format": "pt"})
    else:
        torch.save(dict(state), file)


def _write_json(file: Path, record: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record), encoding="utf-8")


def write_bert(folder: Path) -> None:
    """As Google's first BERTs are published: layer norms with gamma and beta, heads that nobody reads."""
    state = random_state(published_names.bert(ROWS, WIDTH, 64, 2, 128))
    write_state(folder / hub.SAFE, state)
    config = {
        "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": False,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": WIDTH, "initializer_range": 0.02,
        "intermediate_size": 64, "layer_norm_eps": 1e-12, "max_position_embeddings": 128, "model_type": "bert",
        "num_attention_heads": 4, "num_hidden_layers": 2, "pad_token_id": 0, "position_embedding_type": "absolute",
        "transformers_version": "4.6.0.dev0", "type_vocab_size": 2, "use_cache": True, "vocab_size": ROWS,
    }  # fmt: skip
    _write_json(folder / "config.json", config)
    _word_pieces().save(str(folder / "tokenizer.json"))


def _word_pieces() -> Tokenizer:
    """A WordPiece tokenizer of single letters."""
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"]
    vocabulary = {piece: row for row, piece in enumerate([*marks, *LETTERS, *(f"##{letter}" for letter in LETTERS)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(marks)
    return tokenizer


def write_detr(folder: Path) -> None:
    """The revision without timm, whose config.json names a ResNet of transformers."""
    write_state(folder / hub.SAFE, random_state(published_names.detr(32, 64, 1, 10, DEPTHS), seed=3))
    body = {
        "model_type": "resnet", "depths": list(DEPTHS), "hidden_sizes": [256, 512, 1024, 2048], "embedding_size": 64,
        "layer_type": "bottleneck", "out_features": ["stage4"],
        "stage_names": ["stem", "stage1", "stage2", "stage3", "stage4"],
    }  # fmt: skip
    config = {
        "architectures": ["DetrForObjectDetection"], "model_type": "detr", "use_timm_backbone": False, "backbone": None,
        "backbone_config": body, "d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "encoder_layers": 1,
        "decoder_layers": 1, "num_hidden_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
        "num_queries": 10, "id2label": {str(row): f"thing {row}" for row in range(91)}, "dilation": False,
    }  # fmt: skip
    _write_json(folder / "config.json", config)
    prepared = {
        "image_processor_type": "DetrImageProcessor", "feature_extractor_type": "DetrFeatureExtractor",
        "do_resize": True, "size": 64, "max_size": 96, "do_normalize": True, "format": "coco_detection",
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
    }  # fmt: skip
    _write_json(folder / "preprocessor_config.json", prepared)


def write_owlvit(folder: Path) -> None:
    """As published: torch's own format and CLIP's vocabulary and merges."""
    marks = ["<|startoftext|>", "<|endoftext|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *marks]
    state = random_state(published_names.owlvit(len(pieces), 16, 32, 16, 1, 16, 8), seed=4)
    state["owlvit.text_model.embeddings.position_ids"] = torch.arange(16)[None]
    state["owlvit.vision_model.embeddings.position_ids"] = torch.arange(17)[None]
    write_state(folder / hub.BIN, state)
    text = {
        "vocab_size": len(pieces), "hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": len(pieces) - 2,
        "eos_token_id": len(pieces) - 1, "pad_token_id": 0, "model_type": "owlvit_text_model",
    }  # fmt: skip
    picture = {
        "hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4, "image_size": 32,
        "patch_size": 8, "model_type": "owlvit_vision_model",
    }  # fmt: skip
    config = {
        "architectures": ["OwlViTForObjectDetection"], "model_type": "owlvit", "projection_dim": 16,
        "text_config": text, "vision_config": picture,
    }  # fmt: skip
    _write_json(folder / "config.json", config)
    _write_json(folder / "vocab.json", {piece: row for row, piece in enumerate(pieces)})
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    _write_json(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "pad_token": "!"})
    prepared = {
        "image_processor_type": "OwlViTImageProcessor", "do_resize": True, "size": [32, 32], "do_center_crop": False,
        "do_normalize": True, "feature_extractor_type": "OwlViTFeatureExtractor", "crop_size": 32, "resample": 3,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
    }  # fmt: skip
    _write_json(folder / "preprocessor_config.json", prepared)


def write_blip(folder: Path) -> None:
    """As published: torch's own format, with a buffer that later versions no longer store."""
    state = random_state(published_names.blip(ROWS, 32, 64, 1, 16, 8, 40), seed=5)
    state["text_decoder.bert.embeddings.position_ids"] = torch.arange(40)[None]
    words, head = "text_decoder.bert.embeddings.word_embeddings.weight", "text_decoder.cls.predictions"
    state[f"{head}.decoder.weight"], state[f"{head}.decoder.bias"] = state[words], state[f"{head}.bias"]
    write_state(folder / hub.BIN, state)
    text = {
        "vocab_size": ROWS, "hidden_size": 32, "encoder_hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 40, "bos_token_id": 5,
        "eos_token_id": 2, "pad_token_id": 0, "sep_token_id": 3, "model_type": "blip_text_model",
    }  # fmt: skip
    picture = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "image_size": 32,
        "patch_size": 8, "model_type": "blip_vision_model",
    }  # fmt: skip
    config = {
        "architectures": ["BlipForConditionalGeneration"], "model_type": "blip", "projection_dim": 32,
        "image_text_hidden_size": 16, "text_config": text, "vision_config": picture,
    }  # fmt: skip
    _write_json(folder / "config.json", config)
    _word_pieces().save(str(folder / "tokenizer.json"))
    marks = {
        "cls_token": "[CLS]",
        "pad_token": "[PAD]",
        "sep_token": "[SEP]",
        "unk_token": "[UNK]",
        "mask_token": "[MASK]",
    }
    _write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True, **marks})
    prepared = {
        "image_processor_type": "BlipImageProcessor", "do_resize": True, "do_normalize": True,
        "size": {"height": 32, "width": 32}, "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }  # fmt: skip
    _write_json(folder / "preprocessor_config.json", prepared)
