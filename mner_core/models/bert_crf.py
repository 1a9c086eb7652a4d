"""BERT-CRF: the text-only baseline of every table. The tagger sees the encoder's words and nothing else."""

from torch import Tensor

from mner_core.batches.tensors import Batch
from mner_core.layers.trace import Trace
from mner_core.models.base import Model


class BertCrf(Model):
    """Emissions straight from the word vectors; with `context = caption` the encoder reads the caption as well."""

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:  # noqa: ARG002 (a text model looks at no picture)
        """H_S [batch, words, width]."""
        return self.words(batch)
