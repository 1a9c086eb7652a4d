"""The class of each system of the catalog."""

from collections.abc import Mapping

from mner_core.models.base import Model
from mner_core.models.bert_crf import BertCrf
from mner_core.models.gei import GEI
from mner_core.models.hamlearning import HamLearning
from mner_core.models.iaik import IAIK
from mner_core.models.rgcn import RGCN
from mner_core.models.umgf import UMGF

MODELS: Mapping[str, type[Model]] = {
    "bert-crf": BertCrf,
    "rgcn": RGCN,
    "umgf": UMGF,
    "gei": GEI,
    "hamlearning": HamLearning,
    "iaik": IAIK,
}
"""System's name -> its class; the catalog has the same names."""
