"""The plain BERT against transformers': parameters, outputs, gradients, dropout and new pieces, draw for draw."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig as TheirConfig
from transformers import BertModel

from mner_core.text.bert import Bert, BertConfig
from mner_core.text.encoder import text_encoder
from mner_core.types import InputError
from mner_core.weights.packages import weight_file

SHAPE: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 40,
}  # fmt: skip


def both(seed: int = 0, **changes: Any) -> tuple[Bert, BertModel]:
    torch.manual_seed(seed)
    ours = Bert(BertConfig(**SHAPE, **changes))
    torch.manual_seed(seed)
    return ours, BertModel(TheirConfig(**SHAPE, **changes), add_pooling_layer=False)


def inputs(padded: bool) -> dict[str, torch.Tensor]:
    torch.manual_seed(9)
    real = torch.ones(5, 17, dtype=torch.bool)
    if padded:
        real[1:, 11:] = False
        real[3, 2:] = False
    segment = torch.zeros(5, 17, dtype=torch.long)
    segment[:, 8:] = 1
    return {"input_ids": torch.randint(1, 300, (5, 17)), "attention_mask": real, "token_type_ids": segment}


def test_equal_seeds_draw_equal_parameters_by_equal_names() -> None:
    ours, theirs = both(seed=4)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value), name


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_outputs_and_gradients_are_theirs(padded: bool, training: bool) -> None:
    ours, theirs = both()
    batch = inputs(padded)
    results = []
    for model in (ours.train(training), theirs.train(training)):
        torch.manual_seed(2)
        states = model(**batch).last_hidden_state
        (states[batch["attention_mask"]] ** 3).sum().backward()
        results.append((states.detach(), {name: each.grad for name, each in model.named_parameters()}))
    (states, gradients), (wanted, wanted_gradients) = results
    assert torch.allclose(states, wanted, atol=1e-5)
    for name, gradient in wanted_gradients.items():
        assert torch.allclose(gradients[name], gradient, atol=1e-5), name


def test_a_mask_keeps_padding_from_changing_anything() -> None:
    ours, _ = both()
    ours.eval()
    batch = inputs(padded=True)
    before = ours(**batch).last_hidden_state[batch["attention_mask"]]
    batch["input_ids"][~batch["attention_mask"]] = 7
    after = ours(**batch).last_hidden_state[batch["attention_mask"]]
    assert torch.equal(before, after)


@pytest.mark.parametrize("number", [320, 290])
def test_new_pieces_are_drawn_as_theirs(number: int) -> None:
    """Fewer, too: a published table can have rows that its tokenizer never uses, and letters added fewer than those."""
    ours, theirs = both()
    torch.manual_seed(3)
    ours.resize_token_embeddings(number)
    torch.manual_seed(3)
    theirs.resize_token_embeddings(number, mean_resizing=False)
    assert torch.equal(ours.embeddings.word_embeddings.weight, theirs.embeddings.word_embeddings.weight)
    assert ours.config.vocab_size == ours.embeddings.word_embeddings.num_embeddings == number
    ours(input_ids=torch.tensor([[number - 1]])).last_hidden_state.sum().backward()
    assert ours.embeddings.word_embeddings.weight.grad is not None


def test_a_configuration_is_read_from_theirs_and_by_theirs(tmp_path: Path) -> None:
    config = BertConfig(**SHAPE, hidden_dropout_prob=0.3)
    assert BertConfig.from_json(TheirConfig(**SHAPE, hidden_dropout_prob=0.3).to_dict()) == config
    theirs = TheirConfig(**config.to_json())
    assert (theirs.hidden_size, theirs.hidden_dropout_prob, theirs.model_type) == (32, 0.3, "bert")
    assert BertConfig.from_json(config.to_json()) == config
    assert BertConfig.from_json({}) == BertConfig(), "what a file leaves out is BERT-base's"


@pytest.mark.parametrize(
    "said", [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}]
)
def test_another_kind_of_encoder_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(InputError, match=f"says {next(iter(said))}"):
        BertConfig.from_json(said)


@pytest.mark.weights
@pytest.mark.slow
def test_the_compact_encoder_says_what_transformers_says() -> None:
    folder = weight_file("all-minilm-l6-v2")
    theirs = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    encoder = text_encoder("all-minilm-l6-v2")
    pieces = encoder.pieces.pieces(["Kevin", "Durant", "drops", "41", "as", "the", "Warriors", "win"])
    ids = torch.tensor([[encoder.pieces.cls, *(piece for word in pieces for piece in word), encoder.pieces.sep]])
    with torch.no_grad():
        ours = encoder.model.eval()(input_ids=ids).last_hidden_state
        assert torch.allclose(ours, theirs(input_ids=ids).last_hidden_state, atol=1e-5)
