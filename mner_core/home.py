"""Where everything the program writes lies: one folder, `var/` or what MNER_HOME names."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder that holds store, imported pictures, feature cache, runs and logs. Deleting it is a factory reset."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """`MNER_HOME`, else `var` below the working directory."""
        return cls(Path(os.environ.get("MNER_HOME") or "var").expanduser().resolve())

    @property
    def features(self) -> Path:
        """Cached image features and sentence vectors."""
        return self.root / "features"

    @property
    def runs(self) -> Path:
        """Trained runs, one folder each."""
        return self.root / "runs"

    @property
    def images(self) -> Path:
        """Imported pictures, named by their sha256."""
        return self.root / "images"

    @property
    def graphs(self) -> Path:
        """Imported knowledge graphs, one folder each."""
        return self.root / "graphs"

    @property
    def indexes(self) -> Path:
        """Approximate indexes of large pools."""
        return self.root / "indexes"

    @property
    def logs(self) -> Path:
        """One log for each job."""
        return self.root / "logs"

    @property
    def filling(self) -> Path:
        """The lock of trainings whose run does not have its own pool yet: nobody takes pools away then."""
        return self.root / ".filling.lock"

    @property
    def store(self) -> Path:
        """The SQLite file, where DATABASE_URL does not say otherwise."""
        return self.root / "mner.db"
