"""From pieces to words: the text encoder, pooled, with what an uncased encoder cannot see added to it."""

import torch
from torch import Tensor, nn

from mner_core.batches.tensors import NUM_CHARACTERS, NUM_SHAPES, Batch
from mner_core.text.encoder import TextEncoder

CHARACTER_WIDTH = 16
CHARACTER_FILTERS = 64


class CharacterChannel(nn.Module):
    """A word's spelling as a vector: character embeddings, a convolution over three neighbours, the largest answer."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(NUM_CHARACTERS, CHARACTER_WIDTH, padding_idx=0)
        self.convolution = nn.Conv1d(CHARACTER_WIDTH, CHARACTER_FILTERS, 3, padding=1)

    def forward(self, characters: Tensor) -> Tensor:
        """[n, characters] -> [n, CHARACTER_FILTERS], n words; padding never wins, empty words are 0."""
        answers = self.convolution(self.table(characters).transpose(1, 2)).relu()  # [n, filters, characters]
        return (answers * (characters > 0).unsqueeze(1)).amax(dim=2)


class WordEncoder(nn.Module):
    """H_S, one vector a word [batch, words, hidden]: pooled pieces plus word shape and spelling.

    Sub-token pooling (first, sum) is decided by the batch's piece-to-word index; `mean` divides by their number.
    A word without pieces keeps the vector of its shape and spelling alone. Padded words are zero.
    """

    def __init__(self, encoder: TextEncoder, pooling: str, dropout: float) -> None:
        super().__init__()
        self.width = encoder.width
        self.pooling = pooling
        self.encoder = encoder.model
        self.spelling = CharacterChannel()
        self.surface = nn.Linear(NUM_SHAPES + CHARACTER_FILTERS, self.width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: Batch) -> Tensor:
        """Vectors of the batch's words [batch, words, hidden]."""
        words, _ = self.with_sentence(batch)
        return words

    def with_sentence(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Vectors of the words, and of the sentence [batch, hidden]: [CLS], the mean over a long post's windows."""
        pieces = batch.pieces
        states = self.encoder(
            input_ids=pieces.ids, attention_mask=pieces.real, token_type_ids=pieces.segment
        ).last_hidden_state
        num_words, real = batch.words.numel(), batch.words
        standing = pieces.word >= 0
        pooled = states.new_zeros(num_words, self.width).index_add(0, pieces.word[standing], states[standing])
        if self.pooling == "mean":
            counts = pooled.new_zeros(num_words).index_add(
                0, pieces.word[standing], pooled.new_ones(int(standing.sum()))
            )
            pooled = pooled / counts.clamp(min=1).unsqueeze(1)
        # Only real words are spelled: beside a post of 20,000 characters the others are almost all padding.
        surface = self.surface(torch.cat([batch.shapes[real], self.spelling(batch.characters[real])], dim=-1))
        words = pooled.new_zeros(*real.shape, self.width)
        words[real] = self.dropout(pooled[real.flatten()] + surface)
        begins = nn.functional.one_hot(pieces.post, len(real)).to(states.dtype)  # [windows, batch]
        sentence = (begins / begins.sum(dim=0)).T @ states[:, 0]
        return words, sentence
