"""Tag files as other tools write them: read right, or refused in one sentence; never wrong gold or tags as words."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.data import conll
from mner_core.data.lines import Reading
from mner_core.types import InputError

Said = list[tuple[tuple[str, ...], list[tuple[int, int, str]] | None]]


def read(tmp_path: Path, content: str, name: str = "train.txt") -> Reading:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return conll.read(tmp_path / name, "train")


def said(reading: Reading) -> Said:
    return [
        (post.words, None if post.spans is None else [(it.start, it.end, it.label) for it in post.spans])
        for post, _ in reading.posts
    ]


MICHAEL = [(("Michael", "Jordan", "won", "Paris"), [(0, 2, "PER"), (3, 4, "LOC")])]


@pytest.mark.parametrize(
    "content",
    [
        "IMGID:1\nMichael\tB-PER\nJordan\tL-PER\nwon\tO\nParis\tU-LOC\n",
        "Michael B-PER\nJordan E-PER\nwon O\nParis S-LOC\n",
        "Michael B-PER\nJordan E-PER\nwon O\nParis W-LOC\n",
        "Michael\tI-PER\nJordan\tI-PER\nwon\tO\nParis\tI-LOC\n",
        "Michael\tb-PER\nJordan\ti-PER\nwon\to\nParis\tb-LOC\n",
        "Michael\tB_PER\nJordan\tI_PER\nwon\tO\nParis\tB_LOC\n",
        "Michael\tPER-B\nJordan\tPER-I\nwon\tO\nParis\tLOC-B\n",
        "Michael\tPER\nJordan\tPER\nwon\tO\nParis\tLOC\n",
        "Michael,B-PER\nJordan,I-PER\nwon,O\nParis,B-LOC\n",
        "Michael;B-PER\nJordan;I-PER\nwon;O\nParis;B-LOC\n",
        "Michael|B-PER\nJordan|I-PER\nwon|O\nParis|B-LOC\n",
        'word,tag\n"Michael",B-PER\n"Jordan",I-PER\nwon,O\nParis,B-LOC\n',
        "Token\tNER\nMichael\tB-PER\nJordan\tI-PER\nwon\tO\nParis\tB-LOC\n",
        "B-PER\tMichael\nI-PER\tJordan\nO\twon\nB-LOC\tParis\n",
        "B-PER Michael\nI-PER Jordan\nO won\nB-LOC Paris\n",
        "-DOCSTART- -X- O O\n\nMichael NNP B-NP B-PER\nJordan NNP I-NP I-PER\nwon VBD B-VP O\nParis NNP B-NP B-LOC\n",
        "#\thttp://x.org [2011]\n1\tMichael\tB-PER\tB-ORG\n2\tJordan\tI-PER\tO\n3\twon\tO\tO\n4\tParis\tB-LOC\tO\n\n",
        "# id 5239d808\tdomain=en\nMichael _ _ B-PER\nJordan _ _ I-PER\nwon _ _ O\nParis _ _ B-LOC\n",
        "0\tMichael\tB-PER\n1\tJordan\tI-PER\n2\twon\tO\n3\tParis\tB-LOC\n",
        "# text = Michael Jordan won Paris\n1\tMichael\tm\tX\t_\tB-PER\n2\tJordan\tj\tX\t_\tI-PER\n"
        "3\twon\tw\tV\t_\tO\n4\tParis\tp\tX\t_\tB-LOC\n",
    ],
    ids=[
        "bilou", "bioes", "bmewo", "io", "lower", "underscore", "suffix", "bare", "comma", "semicolon", "bar", "quoted",
        "names", "tag-first", "tag-first-spaces", "conll2003", "germeval", "multiconer", "numbered", "conllu",
    ],
)  # fmt: skip
def test_the_same_gold_in_every_layout(tmp_path: Path, content: str) -> None:
    assert said(read(tmp_path, content)) == MICHAEL


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a B-LOC\nb M-LOC\nc E-LOC\nd S-PER\n", [("a b c d", [(0, 3, "LOC"), (3, 4, "PER")])]),
        ("a\tB-LOC\nb\tL-LOC\nc\tB-LOC\nd\tI-LOC\ne\tL-LOC\n", [("a b c d e", [(0, 2, "LOC"), (2, 5, "LOC")])]),
        ("a\tU-LOC\nb\tU-LOC\n", [("a b", [(0, 1, "LOC"), (1, 2, "LOC")])]),
        ("p\tperson-actor\nof\tO\nhit\tart-music\n", [("p of hit", [(0, 1, "person-actor"), (2, 3, "art-music")])]),
        ("ann\tb-per\nlee\ti-per\nx\to\n", [("ann lee x", [(0, 2, "per")])]),
        (
            "Sentence #,Word,POS,Tag\nSentence: 1,In,IN,O\n,Rome,NNP,B-geo\nSentence: 2,Ann,NNP,B-per\n",
            [("In Rome", [(1, 2, "geo")]), ("Ann", [(0, 1, "per")])],
        ),
        ("EU NNP B-NP O\nrejects VBZ B-VP O\n", [("EU rejects", [])]),
        ('"1,000",O\n,,O\nAnn,B-PER\n', [("1,000 , Ann", [(2, 3, "PER")])]),
        ("E-mail\tO\n", [("E-mail", [])]),
        ("#go\tO\n#\tO\nAnn\tB-PER\n", [("#go # Ann", [(2, 3, "PER")])]),
        ("# O\nAnn B-PER\n", [("# Ann", [(1, 2, "PER")])]),
        ("hi\tO\nAnn\tB-PER\n\nnew\nwords\n", [("hi Ann", [(1, 2, "PER")]), ("new words", None)]),
        ("Ann won the cup\nI love it\nhi\n", [("Ann won the cup", None), ("I love it", None), ("hi", None)]),
        ("IMGID:1\nAnn won the cup\n\nIMGID:2\nI love it\n", [("Ann won the cup", None), ("I love it", None)]),
    ],
)  # fmt: skip
def test_layouts_with_a_turn_of_their_own(tmp_path: Path, content: str, wanted: list[tuple[str, object]]) -> None:
    reading = read(tmp_path, content)
    assert [(" ".join(words), spans) for words, spans in said(reading)] == wanted
    assert reading.defects == []


def test_entities_inside_entities_are_left_out_and_named(tmp_path: Path) -> None:
    reading = read(tmp_path, "1\tReal\tB-ORG\tO\n2\tMadrid\tI-ORG\tB-LOC\n\n1\tso\tO\tO\n")
    assert said(reading) == [(("Real", "Madrid"), [(0, 2, "ORG")]), (("so",), [])]
    assert [(defect.kind, defect.file) for defect in reading.defects] == [("nested-entities", "train.txt")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Ann NNP\nwon VBD\n", "the columns apart by spaces hold no tags"),
        ("Ann\tNNP\nwon\tVBD\n\nso\tRB\n", "the columns apart by tabs hold no tags"),
        ("Ann,1\nwon,0\n", "the columns apart by commas hold no tags"),
        ("1\tAnn\t3\n2\twon\t0\n", "the columns apart by tabs hold no tags"),
        ("Ann\tB-PER\tB-LOC\nwon\tO\tO\n", "the columns 2 and 3 both hold tags"),
        ("Ann/B-PER won/O\nhi/O\n", "there are tags, but not in a column of their own"),
        ("Ann:B-PER\nwon:O\n", "there are tags, but not in a column of their own"),
        ('{"text": "Ann won"}\n{"text": "so"}\n', "this is JSON"),
        ('[\n{"text": "Ann won"},\n{"text": "so"}\n]\n', "this is JSON"),
        ("bc/cctv 0 0 In IN (TOP* - (0)\nbc/cctv 0 1 Rome NNP * - -\n", "the columns apart by spaces hold no tags"),
    ],
)
def test_what_cannot_be_told_is_refused_as_a_whole(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(InputError, match=rf"^train\.txt, line 1: {why}"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "IMGID:1\tO\nAnn\tB-PER\n\nIMGID:2\tO\nso\tO\n",
        "IMGID:1 O\nAnn B-PER\nIMGID:2 O\nso O\n",
        "IMGID:1,O\nAnn,B-PER\n\nIMGID:2,O\nso,O\n",
        "-DOCSTART-\tO\n\nIMGID:1\tO\nAnn\tB-PER\n\nIMGID:2\tO\nso\tO\n",
        "IMGID:1\t_\tO\nAnn\tNNP\tB-PER\n\nIMGID:2\t_\tO\nso\tRB\tO\n",
    ],
)
def test_headers_that_carry_a_tag(tmp_path: Path, content: str) -> None:
    reading = read(tmp_path, content)
    assert [post.image_name for post, _ in reading.posts] == ["1", "2"]
    assert said(reading) == [(("Ann",), [(0, 1, "PER")]), (("so",), [])]


@pytest.mark.parametrize(
    "mark", ["imgid:", "#IMGID:", "# IMGID: ", "ImgId : ", "IMG_ID:", "#image_id=", "Image ID：", "img-id = "]
)
@pytest.mark.parametrize("is_tagged", [False, True])
@pytest.mark.parametrize("sep", ["\t", " ", ","])
def test_a_picture_s_header_in_another_spelling_is_no_word(
    tmp_path: Path, mark: str, is_tagged: bool, sep: str
) -> None:
    tag = f"{sep}O" if is_tagged else ""
    reading = read(tmp_path, f"{mark}1{tag}\nAnn{sep}B-PER\nLee{sep}I-PER\n\n{mark}b.jpg{tag}\nso{sep}O\n")
    assert [post.image_name for post, _ in reading.posts] == ["1", "b.jpg"]
    assert said(reading) == [(("Ann", "Lee"), [(0, 2, "PER")]), (("so",), [])]
    assert reading.defects == []


@pytest.mark.parametrize(
    "content", ["imgid:1\nAnn\nwon\n\nimgid:2\nso\nwhat\n", "#IMGID:1\nAnn won it\n\n#IMGID:2\nso what\n"]
)
def test_such_headers_of_posts_that_nobody_labelled(tmp_path: Path, content: str) -> None:
    reading = read(tmp_path, content)
    assert [(post.image_name, post.words[:2], post.spans) for post, _ in reading.posts] == [
        ("1", ("Ann", "won"), None),
        ("2", ("so", "what"), None),
    ]


@pytest.mark.parametrize("word", ["#imgid", "imgid", "IMAGE", "#image:1", "img:id", "#IMGIDs:5"])
def test_words_that_only_begin_like_a_header_stay(tmp_path: Path, word: str) -> None:
    reading = read(tmp_path, f"{word}\tO\nAnn\tB-PER\n")
    assert said(reading) == [((word, "Ann"), [(1, 2, "PER")])]


def test_a_single_line_without_its_tag_is_a_broken_one(tmp_path: Path) -> None:
    reading = read(tmp_path, "a\tO\nb\tB-PER\n\nbroken\n")
    assert said(reading) == [(("a", "b"), [(1, 2, "PER")]), (("broken",), [])]
    assert [(defect.kind, defect.line) for defect in reading.defects] == [("bad-line", 4)]


def _bilou(tags: Sequence[str]) -> list[str]:
    return [{"E": "L", "S": "U"}.get(tag[0], tag[0]) + tag[1:] for tag in tags]


def _plain(tags: Sequence[str]) -> list[str]:
    return list(tags)


def _lower(tags: Sequence[str]) -> list[str]:
    return [tag[0].lower() + tag[1:] for tag in tags]


LAYOUTS: dict[str, tuple[Callable[[Sequence[str]], list[str]], Callable[[int, str, str], str]]] = {
    "bilou": (_bilou, lambda _, word, tag: f"{word}\t{tag}"),
    "lower": (_lower, lambda _, word, tag: f"{word} {tag}"),
    "csv": (_plain, lambda _, word, tag: f'"{word}",{tag}'),
    "first": (_plain, lambda _, word, tag: f"{tag}\t{word}"),
    "germeval": (_plain, lambda number, word, tag: f"{number}\t{word}\t{tag}\tO"),
    "pos": (_plain, lambda _, word, tag: f"{word} NN {tag}"),
}
words = st.sampled_from(["Ann", "won", "#go", "@x", "1,5", "New", "don't", "II", "und", "北", "3"])


@given(st.lists(st.lists(st.tuples(words, st.sampled_from(["O", "PER", "LOC"])), min_size=2), min_size=2))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_posts_in_any_layout(
    tmp_path_factory: pytest.TempPathFactory, layout: str, posts: list[list[tuple[str, str]]]
) -> None:
    rewrite, line = LAYOUTS[layout]
    posts = [[("Ann", "PER"), ("won", "O")], *posts]
    lines: list[str] = []
    for post in posts:
        tags = ["O" if label == "O" else f"S-{label}" for _, label in post]
        numbered = enumerate(zip((word for word, _ in post), rewrite(tags), strict=True), 1)
        lines += [*(line(number, word, tag) for number, (word, tag) in numbered), ""]
    reading = read(tmp_path_factory.mktemp("layout"), "\n".join(lines))
    wanted: Said = [
        (
            tuple(word for word, _ in post),
            [(place, place + 1, label) for place, (_, label) in enumerate(post) if label != "O"],
        )
        for post in posts
    ]
    assert said(reading) == wanted
