"""The models by name. Light: the web process reads it to draw its forms."""

from collections.abc import Mapping

from mner_core.catalog.bert_crf import BERT_CRF
from mner_core.catalog.gei import GEI
from mner_core.catalog.hamlearning import HAMLEARNING
from mner_core.catalog.iaik import IAIK
from mner_core.catalog.rgcn import RGCN
from mner_core.catalog.system import System
from mner_core.catalog.umgf import UMGF
from mner_core.types import InputError

SYSTEMS: Mapping[str, System] = {system.name: system for system in (BERT_CRF, RGCN, UMGF, GEI, HAMLEARNING, IAIK)}


def system(name: str) -> System:
    """The catalog's entry of that name.

    Raises:
        InputError: there is none; the sentence lists the names.
    """
    if name not in SYSTEMS:
        raise InputError(f"There is no model {name!r}; there are: {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]
