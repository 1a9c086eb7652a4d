"""What the figures of writing and of imports are measured on: copies of a store, and one set for both sides."""

from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from benchmarks import imports
from benchmarks.big_store import RUNS, BigStore, build, run_name
from benchmarks.store_costs import SAVES, copied, saves, scoring
from db.engine import Store
from db.tables import Outcomes, Revisions, Runs

POSTS = 100


def outcomes(store: Store) -> list[tuple[object, ...]]:
    """What stands of the best brought run."""
    columns = (Outcomes.post_id, Outcomes.revision_id, Outcomes.number, Outcomes.kind, Outcomes.is_newest)
    with store.read() as session:
        wanted = select(*columns).join(Runs, Runs.id == Outcomes.run_id).where(Runs.name == run_name(RUNS - 1))
        return sorted(tuple(row) for row in session.execute(wanted))


def test_saves_and_scorings_are_done_in_a_copy_of_each_store(tmp_path: Path) -> None:
    big = BigStore(tmp_path / "100", POSTS)
    build(big)
    before = {path: path.read_bytes() for path in big.folder.rglob("*") if path.is_file()}
    with ExitStack() as stack:
        one, other = (stack.enter_context(closing(copied(stack, big.folder))) for _ in range(2))
        times = saves([one, other])
        assert [len(seconds) for seconds in times] == [SAVES, SAVES]
        assert all(spent > 0 for seconds in times for spent in seconds)
        for store in (one, other):
            with store.read() as session:
                mine = select(func.count()).where(Revisions.author == "bench", Revisions.is_newest.is_(True))
                assert session.scalar(mine) == SAVES + 1, "each corrects a post of its own"
        stood = outcomes(one)
        assert stood == outcomes(other)
        posts, spent = scoring(one)
        assert (posts, spent > 0) == (int(POSTS * 0.4), True)
        assert outcomes(one) == stood != []
    assert {path: path.read_bytes() for path in big.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("with_pictures", [False, True])
def test_imports_and_readings_are_of_the_same_posts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_pictures: bool
) -> None:
    asked: list[tuple[str, Path, int, int]] = []

    def cpu(what: str, folder: Path) -> float:
        lines = sum(len(file.read_text().splitlines()) for file in folder.glob("*.jsonl"))
        asked.append((what, folder, lines, len([*folder.glob("images/*")])))
        return imports.child(what, folder)

    monkeypatch.setattr(imports, "_cpu", cpu)
    cost = imports.measured(40, with_pictures)
    assert [what for what, *_ in asked] == ["read", "import"] * imports.TIMES
    assert {about[1:3] for about in asked} == {(asked[0][1], 40)}
    assert all((pictures > 0) == with_pictures for *_, pictures in asked)
    assert cost.posts == 40
    assert min(cost.reading, cost.importing) > 0
    assert cost.ratio == cost.importing / cost.reading
