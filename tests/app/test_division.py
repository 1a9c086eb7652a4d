"""A data set of one split divided on the screen data."""

from db.engine import Store
from db.posts import dataset
from tests.app.filled import SET, open_app, shown
from tests.app.test_types_form import press, raw

__all__ = ["raw"]


def test_what_would_be_is_shown_and_then_is(raw: Store) -> None:
    app = open_app("data", dataset="raw")
    assert any(each.label == "All posts are in one split: divide them" for each in app.expander)
    assert "It would be **5** in train, **1** in valid, **0** in test." in shown(app)
    for split, share in (("train", 50), ("valid", 30), ("test", 20)):
        app.number_input(key=f"divide {split}").set_value(share).run()
    assert "It would be **3** in train, **2** in valid, **1** in test." in shown(app)
    assert dataset(raw, "raw").splits == {"train": 6}, "looking changes nothing"
    press(app, "Divide")
    assert dataset(raw, "raw").splits == {"train": 3, "valid": 2, "test": 1}
    assert any(each.label == "Divide the posts otherwise" for each in app.expander)
    app.number_input(key="divide train").set_value(100).run()
    assert "The shares add up to 150, not to 100." in shown(app)
    assert next(each for each in app.button if each.label == "Divide").disabled


def test_a_set_whose_files_have_splits_is_not_divided(store: Store) -> None:
    app = open_app("data", dataset=SET)
    assert not [each for each in app.expander if "ivide" in each.label]
