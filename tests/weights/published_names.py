"""Names and shapes of the published checkpoints, written down from what their makers say, not read off the libraries.

Sources: torchvision's 2019 checkpoints (`conv1`, `layer1.0.downsample.0`, `rpn.head.conv`, `inner_blocks.0`), Google's
BERT as converted in 2018 (`LayerNorm.gamma`), transformers' `convert_detr_to_pytorch.py` for DETR's revision `no_timm`,
OWL-ViT and BLIP as their `pytorch_model.bin` is listed. Each function takes sizes, so that small ones can be made.
"""

from collections.abc import Iterator

Shapes = dict[str, tuple[int, ...]]


def linear(name: str, out: int, into: int) -> Shapes:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def conv(name: str, out: int, into: int, side: int) -> Shapes:
    return {f"{name}.weight": (out, into, side, side), f"{name}.bias": (out,)}


def batch_norm(name: str, width: int) -> Shapes:
    return norm(name, width) | {f"{name}.running_mean": (width,), f"{name}.running_var": (width,)}


def bottlenecks(depths: tuple[int, ...]) -> Iterator[tuple[int, int, int, int, int]]:
    """Stage, block, width that comes in, width inside, width that goes out; a first block has a shortcut."""
    into = 64
    for stage, depth in enumerate(depths):
        inner, out = 64 * 2**stage, 256 * 2**stage
        for block in range(depth):
            yield stage, block, into, inner, out
            into = out


def resnet_body(depths: tuple[int, ...], prefix: str = "") -> Shapes:
    found: Shapes = {f"{prefix}conv1.weight": (64, 3, 7, 7)} | batch_norm(f"{prefix}bn1", 64)
    for stage, block, into, inner, out in bottlenecks(depths):
        name = f"{prefix}layer{stage + 1}.{block}"
        found[f"{name}.conv1.weight"] = (inner, into, 1, 1)
        found[f"{name}.conv2.weight"] = (inner, inner, 3, 3)
        found[f"{name}.conv3.weight"] = (out, inner, 1, 1)
        for place, width in ((1, inner), (2, inner), (3, out)):
            found |= batch_norm(f"{name}.bn{place}", width)
        if block == 0:
            found[f"{name}.downsample.0.weight"] = (out, into, 1, 1)
            found |= batch_norm(f"{name}.downsample.1", out)
    return found


def resnet(depths: tuple[int, ...] = (3, 8, 36, 3)) -> Shapes:
    """resnet152-394f9c45.pth."""
    return resnet_body(depths) | linear("fc", 1000, 2048)


def vgg16() -> Shapes:
    """vgg16-397923af.pth."""
    places = {0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256, 17: 512, 19: 512, 21: 512, 24: 512, 26: 512}
    found: Shapes = {}
    into = 3
    for place, out in (places | {28: 512}).items():
        found |= conv(f"features.{place}", out, into, 3)
        into = out
    sizes = {0: (4096, 25088), 3: (4096, 4096), 6: (1000, 4096)}
    return found | {
        name: shape for place, size in sizes.items() for name, shape in linear(f"classifier.{place}", *size).items()
    }


def rcnn(depths: tuple[int, ...] = (3, 4, 6, 3), masks: bool = False, inner: int = 1024) -> Shapes:
    """fasterrcnn_resnet50_fpn_coco-258fb6c6.pth, maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth."""
    found = resnet_body(depths, "backbone.body.")
    for level, width in enumerate((256, 512, 1024, 2048)):
        found |= conv(f"backbone.fpn.inner_blocks.{level}", 256, width, 1)
        found |= conv(f"backbone.fpn.layer_blocks.{level}", 256, 256, 3)
    found |= conv("rpn.head.conv", 256, 256, 3)
    found |= conv("rpn.head.cls_logits", 3, 256, 1) | conv("rpn.head.bbox_pred", 12, 256, 1)
    found |= linear("roi_heads.box_head.fc6", inner, 256 * 49) | linear("roi_heads.box_head.fc7", inner, inner)
    found |= linear("roi_heads.box_predictor.cls_score", 91, inner)
    found |= linear("roi_heads.box_predictor.bbox_pred", 91 * 4, inner)
    if masks:
        for place in range(1, 5):
            found |= conv(f"roi_heads.mask_head.mask_fcn{place}", 256, 256, 3)
        found |= conv("roi_heads.mask_predictor.conv5_mask", 256, 256, 2)
        found |= conv("roi_heads.mask_predictor.mask_fcn_logits", 91, 256, 1)
    return found


def bert_attention(name: str, width: int, into: int = 0) -> Shapes:
    found = linear(f"{name}.self.query", width, width)
    for part in ("key", "value"):
        found |= linear(f"{name}.self.{part}", width, into or width)
    return found | linear(f"{name}.output.dense", width, width) | norm(f"{name}.output.LayerNorm", width)


def bert_rest(name: str, width: int, inner: int) -> Shapes:
    found = linear(f"{name}.intermediate.dense", inner, width) | linear(f"{name}.output.dense", width, inner)
    return found | norm(f"{name}.output.LayerNorm", width)


def bert(vocabulary: int = 30522, width: int = 768, inner: int = 3072, layers: int = 12, longest: int = 512) -> Shapes:
    """google-bert/bert-base-uncased, model.safetensors: 206 tensors, layer norms named gamma and beta."""
    found: Shapes = {
        "bert.embeddings.word_embeddings.weight": (vocabulary, width),
        "bert.embeddings.position_embeddings.weight": (longest, width),
        "bert.embeddings.token_type_embeddings.weight": (2, width),
        "cls.predictions.bias": (vocabulary,),
    }
    found |= norm("bert.embeddings.LayerNorm", width)
    for layer in range(layers):
        name = f"bert.encoder.layer.{layer}"
        found |= bert_attention(f"{name}.attention", width) | bert_rest(name, width, inner)
    found |= linear("bert.pooler.dense", width, width) | linear("cls.predictions.transform.dense", width, width)
    found |= norm("cls.predictions.transform.LayerNorm", width) | linear("cls.seq_relationship", 2, width)
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    return {
        next((name.replace(new, before) for new, before in old.items() if name.endswith(new)), name): shape
        for name, shape in found.items()
    }


def detr_attention(name: str, width: int) -> Shapes:
    parts = ("q_proj", "k_proj", "v_proj", "out_proj")
    return {key: shape for part in parts for key, shape in linear(f"{name}.{part}", width, width).items()}


def detr(
    width: int = 256, inner: int = 2048, layers: int = 6, queries: int = 100, depths: tuple[int, ...] = (3, 4, 6, 3)
) -> Shapes:
    """facebook/detr-resnet-50, revision no_timm."""
    body = "model.backbone.conv_encoder.model"
    found: Shapes = {f"{body}.embedder.embedder.convolution.weight": (64, 3, 7, 7)}
    found |= batch_norm(f"{body}.embedder.embedder.normalization", 64)
    for stage, block, into, mid, out in bottlenecks(depths):
        name = f"{body}.encoder.stages.{stage}.layers.{block}"
        for place, shape in enumerate(((mid, into, 1, 1), (mid, mid, 3, 3), (out, mid, 1, 1))):
            found[f"{name}.layer.{place}.convolution.weight"] = shape
            found |= batch_norm(f"{name}.layer.{place}.normalization", shape[0])
        if block == 0:
            found[f"{name}.shortcut.convolution.weight"] = (out, into, 1, 1)
            found |= batch_norm(f"{name}.shortcut.normalization", out)
    for part, attentions in (("encoder", ("self_attn",)), ("decoder", ("self_attn", "encoder_attn"))):
        for layer in range(layers):
            name = f"model.{part}.layers.{layer}"
            for attention in attentions:
                found |= detr_attention(f"{name}.{attention}", width) | norm(f"{name}.{attention}_layer_norm", width)
            found |= linear(f"{name}.fc1", inner, width) | linear(f"{name}.fc2", width, inner)
            found |= norm(f"{name}.final_layer_norm", width)
    found |= norm("model.decoder.layernorm", width) | conv("model.input_projection", width, 2048, 1)
    found |= {"model.query_position_embeddings.weight": (queries, width)}
    found |= linear("class_labels_classifier", 92, width)
    for place, out in enumerate((width, width, 4)):
        found |= linear(f"bbox_predictor.layers.{place}", out, width)
    return found


def clip_layers(name: str, width: int, inner: int, layers: int) -> Shapes:
    found: Shapes = {}
    for layer in range(layers):
        one = f"{name}.encoder.layers.{layer}"
        found |= detr_attention(f"{one}.self_attn", width)
        found |= norm(f"{one}.layer_norm1", width) | norm(f"{one}.layer_norm2", width)
        found |= linear(f"{one}.mlp.fc1", inner, width) | linear(f"{one}.mlp.fc2", width, inner)
    return found


def owlvit(
    vocabulary: int = 49408, text: int = 512, seen: int = 768, common: int = 512, layers: int = 12, patches: int = 576,
    patch: int = 32, longest: int = 16,
) -> Shapes:  # fmt: skip
    """google/owlvit-base-patch32, pytorch_model.bin."""
    words, picture = "owlvit.text_model", "owlvit.vision_model"
    found: Shapes = {
        "owlvit.logit_scale": (),
        "owlvit.visual_projection.weight": (common, seen),
        "owlvit.text_projection.weight": (common, text),
        f"{words}.embeddings.token_embedding.weight": (vocabulary, text),
        f"{words}.embeddings.position_embedding.weight": (longest, text),
        f"{picture}.embeddings.class_embedding": (seen,),
        f"{picture}.embeddings.patch_embedding.weight": (seen, 3, patch, patch),
        f"{picture}.embeddings.position_embedding.weight": (patches + 1, seen),
    }
    found |= clip_layers(words, text, 4 * text, layers) | clip_layers(picture, seen, 4 * seen, layers)
    found |= norm(f"{words}.final_layer_norm", text) | norm("layer_norm", seen)
    found |= norm(f"{picture}.pre_layernorm", seen) | norm(f"{picture}.post_layernorm", seen)
    found |= linear("class_head.dense0", text, seen)
    found |= linear("class_head.logit_shift", 1, seen) | linear("class_head.logit_scale", 1, seen)
    for place, out in enumerate((seen, seen, 4)):
        found |= linear(f"box_head.dense{place}", out, seen)
    return found


def blip(
    vocabulary: int = 30524, width: int = 768, inner: int = 3072, layers: int = 12, patches: int = 576, patch: int = 16,
    longest: int = 512,
) -> Shapes:  # fmt: skip
    """Salesforce/blip-image-captioning-base, pytorch_model.bin: 989,820,849 bytes."""
    picture, words = "vision_model", "text_decoder.bert"
    found: Shapes = {
        f"{picture}.embeddings.class_embedding": (1, 1, width),
        f"{picture}.embeddings.position_embedding": (1, patches + 1, width),
        f"{words}.embeddings.word_embeddings.weight": (vocabulary, width),
        f"{words}.embeddings.position_embeddings.weight": (longest, width),
        "text_decoder.cls.predictions.bias": (vocabulary,),
    }
    found |= conv(f"{picture}.embeddings.patch_embedding", width, 3, patch)
    for layer in range(layers):
        one = f"{picture}.encoder.layers.{layer}"
        found |= linear(f"{one}.self_attn.qkv", 3 * width, width) | linear(f"{one}.self_attn.projection", width, width)
        found |= norm(f"{one}.layer_norm1", width) | norm(f"{one}.layer_norm2", width)
        found |= linear(f"{one}.mlp.fc1", inner, width) | linear(f"{one}.mlp.fc2", width, inner)
        name = f"{words}.encoder.layer.{layer}"
        found |= bert_attention(f"{name}.attention", width) | bert_attention(f"{name}.crossattention", width)
        found |= bert_rest(name, width, inner)
    found |= norm(f"{picture}.post_layernorm", width) | norm(f"{words}.embeddings.LayerNorm", width)
    found |= linear("text_decoder.cls.predictions.transform.dense", width, width)
    found |= norm("text_decoder.cls.predictions.transform.LayerNorm", width)
    return found | linear("text_decoder.cls.predictions.decoder", vocabulary, width)
