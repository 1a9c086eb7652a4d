"""BERT-CRF in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mner_core.catalog.system import Settings, System


@dataclass(frozen=True, kw_only=True)
class BertCrfSettings(Settings):
    """BERT-CRF: the text-only baseline of every table."""

    paper: ClassVar[Mapping[str, Any]] = {"fusion_rate": 5e-5, "head_rate": 5e-5, "epochs": 25}


BERT_CRF = System(
    name="bert-crf",
    title="BERT-CRF",
    paper="Devlin et al. 2019, with the linear-chain CRF of Lample et al. 2016: the text baseline of all five papers",
    settings=BertCrfSettings,
    variants={"captions as context": {"context": "caption"}, "paper": BertCrfSettings.paper},
)
