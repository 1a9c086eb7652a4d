"""The versions from which a run's numbers follow: of the system's own code, of the program and of the libraries."""

import platform
from importlib.metadata import version

import torch

from mner_core.catalog.system import Settings, System
from mner_core.code_version import code_digest, program_version
from mner_core.models.registry import MODELS


def system_digest(system: System, *more: str) -> str:
    """The digest of the code from which a system's answers follow: model and settings, training and asking.

    `more` are further modules that have a say in the answer.
    """
    settings = (each.__module__ for each in system.settings.__mro__ if issubclass(each, Settings))
    own = (MODELS[system.name].__module__, *settings, "mner_core.training.train", "mner_core.training.run")
    return code_digest(*dict.fromkeys((*own, *more)))


def library_versions() -> dict[str, str]:
    """The libraries that decide numbers."""
    return {name: version(name) for name in ("torch", "transformers", "pytorch-crf", "faiss-cpu", "numpy")}


def machine_versions() -> dict[str, str]:
    """Python, these libraries, and the number of threads, which decides the last digits."""
    return {"python": platform.python_version(), **library_versions(), "threads": str(torch.get_num_threads())}


def program_record(system: System) -> dict[str, str]:
    """`version` and `commit` of the program, and `code`, the digest of what the system's answers follow from."""
    return {**program_version(), "code": system_digest(system)}
