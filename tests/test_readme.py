"""The README's table is the catalog's. `python -m tests.test_readme` writes it anew."""

import re
from pathlib import Path

from mner_core.catalog.systems import SYSTEMS

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(<!-- models: [^\n]*-->\n)(.*?)(<!-- /models -->)", re.S)


def table() -> str:
    rows = ["| name | paper | variants |", "| --- | --- | --- |"]
    rows += [f"| `{entry.name}` | {entry.paper} | {'; '.join(entry.variants)} |" for entry in SYSTEMS.values()]
    return "\n".join(rows) + "\n"


def test_the_models_in_the_readme_are_those_of_the_catalog() -> None:
    found = TABLE.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == table(), "run `python -m tests.test_readme`"


def test_every_linked_file_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / link).exists(), link


if __name__ == "__main__":
    README.write_text(
        TABLE.sub(lambda found: found[1] + table() + found[3], README.read_text(encoding="utf-8")), encoding="utf-8"
    )
