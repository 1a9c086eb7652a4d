"""What a table rests on before it is made, read from its suite: posts, epochs, seeds, encoder, number of trainings."""

from functools import cache

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.experiment.published_numbers import printed_line, published_blocks
from mner_core.experiment.result_table import ResultTable
from mner_core.experiment.suite import Row, Size, Suite, read_suite, suite_names
from pages.shared.number_format import counted


@cache
def all_suites() -> dict[str, Suite]:
    """The suites that come with the program by name, those of one paper together."""
    found = [read_suite(name) for name in suite_names()]
    return {suite.name: suite for suite in sorted(found, key=lambda suite: (suite.paper, suite.title))}


def ours(suite: Suite) -> list[Row]:
    """The rows whose systems can be trained here."""
    return [row for row in suite.rows if row.model in SYSTEMS]


def posts(size: Size, quick: bool, datasets: int) -> str:
    """How many posts the table is made from: "600 drawn", "at most 240", "all"."""
    if not datasets:
        return f"{size.posts:,} drawn"
    return f"at most {size.posts:,}" if quick and size.posts else "all"


def epochs(suite: Suite, size: Size) -> str:
    """Passes over the training posts: "6", or from the fewest to the most of the systems' own, "25–30"."""
    own = [SYSTEMS[row.model].resolve(size.profile, "", row.set).epochs for row in ours(suite)]
    if size.epochs or not own:
        return str(size.epochs or "–")
    return str(own[0]) if min(own) == max(own) else f"{min(own)}–{max(own)}"


def trainings(suite: Suite, size: Size, datasets: int) -> int | None:
    """How many runs the table takes when nothing of it is done yet; None where the table itself decides."""
    if suite.kind == "counts":
        return 0
    if suite.kind not in {"scores", "transfer"}:
        return None
    return len(ours(suite)) * size.seeds * (datasets or (2 if suite.kind == "transfer" else 1))


def encoder(size: Size) -> str:
    """Who reads the text."""
    return f"Text encoder {profile(size.profile).text}, profile {size.profile}"


def quoted_only(suite: Suite) -> str:
    """A sentence about rows that can only be quoted, empty where there is none."""
    number = len(suite.rows) - len(ours(suite))
    if suite.kind == "counts" or not number:
        return ""
    return f"{counted(number, 'row is', 'rows are')} only quoted: the system is not in the catalog."


def printed(suite: Suite) -> ResultTable | None:
    """What the papers print, as a table without ours; None where they print nothing of that kind."""
    if suite.kind not in {"scores", "transfer"}:
        return None
    blocks = published_blocks(suite, {})
    lines = [line for row in suite.rows if (line := printed_line(row, blocks))]
    columns = {block.name: block.columns for block in blocks}
    return ResultTable(title=suite.title, columns=columns, lines=lines, notes=()) if lines else None
