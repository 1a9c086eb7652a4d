import pytest

from mner_core.features.captions import compose
from mner_core.types import ImageObject

SURE = (("espresso", 0.9), ("cup", 0.03))


@pytest.mark.parametrize(
    ("labels", "attributes", "caption"),
    [
        (["person", "cup", "cup"], SURE, "a picture of a person and two cups; looks like an espresso"),
        (["cup", "person", "cup", "dog"], (), "a picture of two cups, a person and a dog"),
        (["person"] * 3, (("stage", 0.1),), "a picture of three people"),
        (["bus", "bus", "scissors"], (), "a picture of two buses and scissors"),
        (["knife"] * 15, (), "a picture of 15 knives"),
        (["umbrella", "teddy", "teddy"], (), "a picture of an umbrella and two teddies"),
        ([], SURE, "a picture; looks like an espresso"),
        ([], (), "a picture"),
        (["猫", ""], (), "a picture of a 猫 and a "),
    ],
)
def test_caption(labels: list[str], attributes: tuple[tuple[str, float], ...], caption: str) -> None:
    assert compose([ImageObject(label, (0, 0, 1, 1)) for label in labels], attributes) == caption
