"""What is written comes back as it was, in every format; what a format cannot carry is refused by its writer."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mner_core.data.conll import join_words
from mner_core.data.posts import read_posts, write_posts
from mner_core.types import Example, InputError, Span

ENDINGS = (".txt", ".conll", ".bio", ".jsonl")
STRANGE = [
    "-DOCSTART-", "-DOCSTART-X", "IMGID:5", "IMGID:", "IMGID：7", "imgid:5", "# IMGID:5", "img_id=5",
    "#go", "#", "# a", "##", "O", "B-PER", "E-mail", " ",
    "a b", "a  b", " a", "\u00a0", "\u200b", "\ufeff", "\u2028", "1", "{", "[", '"', ",", ";", "a,O", "word", "tag",
]  # fmt: skip


def post(words: list[str], labels: list[str] | None, image: str | None = None) -> Example:
    """A post whose word k is an entity of its own where label k is none of O."""
    text, tokens = join_words(words)
    spans = None
    if labels is not None:
        spans = tuple(Span(k, k + 1, label) for k, label in enumerate(labels[: len(words)]) if label != "O")
    return Example(id="", text=text, tokens=tokens, spans=spans, image_name=image)


def came_back(posts: list[Example], folder: Path, ending: str) -> bool:
    """Whether the posts come back as they were; False where the writer refuses them and writes nothing."""
    file = folder / f"train{ending}"
    try:
        write_posts(posts, file)
    except InputError as error:
        if file.exists() or not str(error).startswith("Post "):
            raise
        return False
    again, defects = read_posts(file)
    assert [(it.words, it.spans, it.image_name) for it in again] == [
        (it.words, it.spans, it.image_name) for it in posts
    ]
    assert [it.text for it in again] == [it.text for it in posts]
    assert [defect for defect in defects if defect.kind not in {"bad-id", "duplicate-id"}] == []
    return True


letters = st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs"])
word = st.sampled_from(STRANGE) | st.text(letters, min_size=1, max_size=6)
words = st.lists(word, min_size=1, max_size=5)
labels = st.none() | st.lists(st.sampled_from(["O", "PER", "a b", "B-x", "é"]), min_size=5, max_size=5)
posts = st.lists(
    st.builds(post, words, labels, st.none() | st.sampled_from(["17_06", "a b.jpg", "1 O", "宫12"])), min_size=1
)


@pytest.mark.parametrize("ending", ENDINGS)
@given(posts)
@example([post(["IMGID:5", "is"], ["PER", "O"]), post(["x"], ["O"], "7")])
@example([post(["-DOCSTART-", "is"], ["O", "O"]), post(["Ann", "is"], None)])
@example([post([" ", "\u3000"], ["O", "PER"]), post(["\u2028"], None), post([" "], ["O"])])
@settings(max_examples=150, deadline=None)
def test_any_posts_come_back_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, ending: str, posts: list[Example]
) -> None:
    came_back(posts, tmp_path_factory.mktemp("posts"), ending)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "words",
    [
        ["-DOCSTART-X", "is"],
        ["-DOCSTART-", "is"],
        ["see", "IMGID:5"],
        ["see", "imgid:5"],
        ["see", "#IMGID:5"],
        ["#go", "Ann"],
        ["#", "Ann"],
        ["##", "1"],
        ["word", "tag"],
    ],
)
@pytest.mark.parametrize("labels", [["O", "O"], ["PER", "O"], ["O", "PER"]])
@pytest.mark.parametrize("image", [None, "7"])
def test_words_that_look_like_something_else_come_back(
    tmp_path: Path, ending: str, words: list[str], labels: list[str], image: str | None
) -> None:
    assert came_back([post(words, labels, image), post(["Ann", "won"], ["PER", "O"])], tmp_path, ending)


@pytest.mark.parametrize(
    ("refused", "ending"),
    [
        (post(["IMGID:5", "is"], ["O", "O"]), ".txt"),
        (post(["-DOCSTART-"], ["O"]), ".txt"),
        (post(["see", "IMGID:5"], None), ".txt"),
        (post(["see", "#imgid:5"], None), ".txt"),
        (post(["img_id=5", "is"], ["O", "O"]), ".conll"),
        (post(["\ufeffa", "b"], ["O", "O"]), ".txt"),
        (post([" ", "b"], None), ".conll"),
        (post(["a", "b"], ["O", "O"], " 7 "), ".txt"),
        (post(["a", "b"], ["x\ty", "O"]), ".txt"),
        (post(["a\ud800"], ["O"]), ".txt"),
    ],
)  # fmt: skip
def test_what_a_tag_file_cannot_carry_is_refused(tmp_path: Path, refused: Example, ending: str) -> None:
    assert not came_back([refused], tmp_path, ending)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mark", [":", "：", " : "])
@pytest.mark.parametrize("word", ["IMGID:5", "IMGID:5.jpg"])
def test_a_word_that_looks_like_a_header_stays_one_where_spaces_part_columns(
    tmp_path: Path, word: str, mark: str
) -> None:
    """The header of the file carries no tag, so a line of that kind with a tag is a word."""
    (tmp_path / "train.txt").write_text(f"IMGID{mark}1\nsee O\n{word} B-MISC\nnow O\n{word} O\n", encoding="utf-8")
    [found], defects = read_posts(tmp_path / "train.txt")
    assert (found.words, found.image_name, defects) == (("see", word, "now", word), "1", [])
    assert found.spans == (Span(1, 2, "MISC"),)


def test_posts_without_labels_stay_without_among_labelled_ones(tmp_path: Path) -> None:
    mixed = [post(["Ann", "won"], ["PER", "O"]), post(["so", "what"], None, "7"), post(["New York", "a b"], None)]
    for ending in ENDINGS:
        assert came_back(mixed, tmp_path, ending)
        assert came_back([replace(it, spans=None) for it in mixed[:2]], tmp_path, f"-raw{ending}")


@pytest.mark.parametrize("text", [" ", "\u3000\u3000", "\u2028 \u00a0"])
def test_blank_words_are_words_where_they_are_given(tmp_path: Path, text: str) -> None:
    """A tag file may have such ones, and they come back; places that are wrong do not bring words into a blank text."""
    entity = {"start": 0, "end": len(text), "label": "PER"}
    given = {"text": text, "tokens": [[0, len(text)]], "spans": [entity]}
    rows = [given, {"text": text}, {"text": text, "tokens": [[0, 9]]}, {"text": text, "tokens": []}]
    (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    [found], defects = read_posts(tmp_path / "train.jsonl")
    assert (found.words, found.spans) == ((text,), (Span(0, 1, "PER"),))
    assert [defect.line for defect in defects if defect.kind == "empty-post"] == [2, 3, 4]
