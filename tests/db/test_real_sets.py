"""Real data sets go through the store without loss; they lie beside the repository, or the test is skipped."""

from pathlib import Path

import pytest

from db import gold
from db.engine import Store
from db.exchange import import_folder
from mner_core.data.dataset import read_dataset
from mner_core.data.fingerprint import data_fingerprint, gold_fingerprint

SHARED = Path("../shared/data")


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(("name", "posts", "orphans"), [("twitter2015", 5000, 239), ("cp_mner", 1069, 159)])
def test_a_real_set_comes_back_as_it_was(store: Store, name: str, posts: int, orphans: int) -> None:
    report = import_folder(store, SHARED / name)
    assert report.added == posts
    assert sum(defect.kind == "orphan-inside" for defect in report.defects) == orphans
    read, kept = read_dataset(SHARED / name).posts, gold.examples(store, name, "original")
    assert data_fingerprint(kept) == data_fingerprint(read)
    assert gold_fingerprint(kept) == gold_fingerprint(read)
    assert [each.subsets for each in kept] == [each.subsets for each in read]
