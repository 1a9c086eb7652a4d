"""How likely each realistic error is, and which ways there are: weights and borders to the number."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from mner_core.data.conll import join_words
from mner_core.data.corrupt import DAMAGES, Corruption, corrupt, invented, moved, read_corruptions, retyped
from mner_core.data.realistic_errors import COMMON, LONGEST_INVENTED, RealisticErrors
from mner_core.types import Example, InputError, Span
from tests.data.test_realistic_errors import post


class Chance(random.Random):
    """Chance that says what it was asked and takes the first, or the last."""

    def __init__(self, last: bool = False) -> None:
        super().__init__(0)
        self.asked: list[Any] = []
        self.weights: list[float] = []
        self.last = last

    def choices(self, population: Any, weights: Any = None, *, cum_weights: Any = None, k: int = 1) -> list[Any]:
        self.asked, self.weights = list(population), list(weights)
        return [self.asked[-1 if self.last else 0]]

    def choice(self, seq: Any) -> Any:
        self.asked = list(seq)
        return self.asked[-1 if self.last else 0]


NAMES = [
    post("0", ["see", "Rio"], Span(1, 2, "LOC")),
    post("1", ["saw", "Rio"], Span(1, 2, "LOC")),
    post("2", ["the", "Rio"], Span(1, 2, "ORG")),
    post("3", ["by", "Rio", "Plaza"], Span(1, 3, "ORG")),
    post("4", ["met", "Ann"], Span(1, 2, "PER")),
]


def test_a_type_is_exchanged_by_what_types_share_and_what_this_name_has() -> None:
    """Rio is LOC twice and (Plaza included) ORG twice: the pair counts 2, the name 2; PER shares nothing."""
    chance = Chance()
    way = RealisticErrors(NAMES).retyped(NAMES[0], Span(1, 2, "LOC"), chance)
    assert (chance.asked, chance.weights) == (["ORG", "PER"], [(1 + 2) * (1 + 2), 1])
    assert way == (Span(1, 2, "ORG"), "usual pair")
    RealisticErrors(NAMES).retyped(NAMES[3], Span(1, 3, "ORG"), chance)
    assert (chance.asked, chance.weights) == (["LOC", "PER"], [(1 + 2) * (1 + 2), 1]), "by Rio alone"
    RealisticErrors(NAMES).retyped(NAMES[4], Span(1, 2, "PER"), chance)
    assert (chance.asked, chance.weights) == (["LOC", "ORG"], [1, 1])
    assert RealisticErrors(NAMES[:2]).retyped(NAMES[0], Span(1, 2, "LOC"), chance) is None
    RealisticErrors([NAMES[0], NAMES[2]]).retyped(NAMES[0], Span(1, 2, "LOC"), chance)
    assert (chance.asked, chance.weights) == (["ORG"], [(1 + 1) * (1 + 1)])


def test_what_has_another_type_elsewhere_is_hit_three_times_as_often() -> None:
    errors = RealisticErrors(NAMES)
    assert errors.weight("type", NAMES[0], Span(1, 2, "LOC")) == 3.0
    assert errors.weight("type", NAMES[4], Span(1, 2, "PER")) == 1.0
    assert errors.weight("boundary", NAMES[3], Span(1, 3, "ORG")) == 1.0
    assert errors.weight("boundary", NAMES[4], Span(1, 2, "PER")) == 1e-6


@pytest.mark.parametrize(
    ("words", "span", "weight"),
    [
        (["met", "Ann"], Span(1, 2, "PER"), 1.0),
        (["met", "Bo"], Span(1, 2, "PER"), 2.0),
        (["met", "bo"], Span(1, 2, "PER"), 5.0),
        (["met", "#", "Bo"], Span(2, 3, "PER"), 5.0),
        (["met", "@", "Bo"], Span(2, 3, "PER"), 5.0),
        (["#Bo", "ran"], Span(0, 1, "PER"), 8.0),
        (["@bo", "ran"], Span(0, 1, "PER"), 8.0),
        (["#", "bo"], Span(1, 2, "PER"), 8.0),
        (["bo", "Bo"], Span(0, 2, "PER"), 2.0),
        (["Bo", "#"], Span(0, 1, "PER"), 2.0),
    ],
)
def test_small_letters_hashtags_and_single_names_are_overlooked(words: list[str], span: Span, weight: float) -> None:
    asked = post("x", words, span)
    more = [post(str(number), ["the", "Ann"], Span(1, 2, "PER")) for number in range(2)]
    assert RealisticErrors([asked, *more]).weight("dropped", asked, span) == weight


def borders(words: Sequence[str], span: Span) -> list[tuple[Span, str]]:
    asked = post("x", words, span)
    chance = Chance()
    RealisticErrors([asked]).moved(asked, span, [], chance)
    return chance.asked


@pytest.mark.parametrize(
    ("words", "span", "ways"),
    [
        ("so Dr Ann Lee Jr won", (2, 4), [
            (1, 4, "neighbour"), (2, 3, "partial name"), (2, 5, "neighbour"), (3, 4, "partial name")]),
        ("the Ritz is", (1, 2), [(0, 2, "article")]),
        ("A Ritz", (1, 2), [(0, 2, "article")]),
        ("like The Who do", (1, 3), [(1, 2, "partial name"), (2, 3, "article")]),
        ("# Gala", (1, 2), [(0, 2, "neighbour")]),
        ("Gala #", (0, 1), [(0, 2, "neighbour")]),
        ("Gala", (0, 1), []),
        ("Gala by the", (0, 1), []),
        ("Gala by Ritz", (0, 1), []),
        ("the Ritz and Gala", (3, 4), []),
        ("so Gala now", (1, 2), []),
    ],
)  # fmt: skip
def test_borders_are_those_that_people_confuse(
    words: str, span: tuple[int, int], ways: list[tuple[int, int, str]]
) -> None:
    found = borders(words.split(), Span(*span, "X"))
    assert found == [(Span(start, end, "X"), how) for start, end, how in ways]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("so Ann Lee won", [(1, 3)]),
        ("Ann Bo Cy Di", [(0, 3), (3, 4)]),
        ("Ann Bo Cy Di Ed Flo", [(0, 3), (3, 6)]),
        ("Ann and Bo", [(0, 1), (2, 3)]),
        ("so it goes", []),
        ("I A #Go #g Go2 B-52 Éa", [(2, 3), (4, 5), (6, 7)]),
    ],
)
def test_runs_of_at_most_three_words_look_like_a_name(text: str, runs: list[tuple[int, int]]) -> None:
    asked = post("x", text.split(), Span(0, 1, "X"))
    chance = Chance()
    found = RealisticErrors([asked]).invented(asked, [], chance)
    assert LONGEST_INVENTED == 3
    if not runs:
        assert found is None
        return
    assert chance.asked == runs
    assert found == (Span(*runs[0], "X"), "looks like a name")
    rest = RealisticErrors([asked]).invented(asked, [Span(*runs[0], "X")], chance)
    assert (rest is None) == (len(runs) == 1)
    assert chance.asked == (runs[1:] or runs), "the others are left, or nothing is drawn"


def test_the_type_of_an_invented_name_is_drawn_by_how_many_there_are() -> None:
    chance = Chance(last=True)
    found = RealisticErrors(NAMES).invented(NAMES[4], [], chance)
    assert (chance.weights, chance.asked) == ([2, 2, 1], [(1, 2)])
    assert found == (Span(1, 2, "PER"), "looks like a name")


@pytest.mark.parametrize(("posts", "seen", "is_name"), [(10, 3, True), (10, 4, False), (400, 4, True), (400, 5, False)])
def test_words_of_more_than_one_post_in_a_hundred_or_of_more_than_three_are_no_names(
    posts: int, seen: int, is_name: bool
) -> None:
    assert COMMON == 0.01
    texts = [post(str(number), ["so", "Monday" if number < seen else "it", "goes"]) for number in range(posts)]
    texts.append(post("x", ["the", "Ritz"], Span(1, 2, "LOC")))
    found = RealisticErrors(texts[: posts - 1] + texts[-1:]).invented(texts[0], [], Chance())
    assert (found is not None) == is_name


@pytest.mark.parametrize(("small", "is_name"), [(0, True), (1, True), (2, False)])
def test_a_word_that_is_mostly_written_small_is_no_name(small: int, is_name: bool) -> None:
    texts = [post("0", ["so", "May"], Span(0, 1, "X"))]
    texts += [post(f"small{number}", ["may", "it"]) for number in range(small)]
    texts += [post("more", ["May"])] if small == 1 else []
    assert (RealisticErrors(texts).invented(texts[0], [], Chance()) is not None) == is_name


def test_plain_borders_move_by_one_word_and_stay_clear() -> None:
    def ways(span: Span, words: int, *taken: Span) -> set[tuple[int, int]]:
        chance = Chance()
        return set() if moved(span, words, taken, chance) is None else {(each.start, each.end) for each in chance.asked}

    assert ways(Span(1, 3, "X"), 4) == {(0, 3), (2, 3), (1, 2), (1, 4)}
    assert ways(Span(1, 3, "X"), 3) == {(0, 3), (2, 3), (1, 2)}
    assert ways(Span(0, 1, "X"), 2) == {(0, 2)}
    assert ways(Span(0, 1, "X"), 1) == set()
    assert ways(Span(1, 2, "X"), 3, Span(0, 1, "X")) == {(1, 3)}
    assert ways(Span(1, 2, "X"), 3, Span(0, 1, "X"), Span(2, 3, "X")) == set()


def test_plain_inventions_take_free_words_and_other_types() -> None:
    chance = Chance()
    assert invented(4, 2, "X", [Span(0, 1, "Y")], chance) == Span(1, 3, "X")
    assert chance.asked == [Span(1, 3, "X"), Span(2, 4, "X")]
    assert invented(2, 2, "X", [], chance) == Span(0, 2, "X")
    assert invented(2, 3, "X", [], chance) is None
    assert invented(2, 1, "X", [Span(0, 2, "Y")], chance) is None
    assert retyped(Span(0, 1, "B"), ["A", "B", "C"], chance) == Span(0, 1, "A")
    assert chance.asked == ["A", "C"]
    assert retyped(Span(0, 1, "B"), ["B"], chance) is None


def labelled(number: int) -> list[Example]:
    found = []
    for place in range(number):
        text, tokens = join_words(["so", "Ann", "met", "Bo", "here"])
        spans = (Span(1, 2, "PER"), Span(3, 4, "LOC"))
        found.append(Example(id=str(place), text=text, tokens=tokens, spans=spans))
    return found


@pytest.mark.parametrize(("share", "changes"), [(0.01, 1), (0.12, 2), (0.13, 3), (0.5, 10), (1e-9, 1)])
def test_so_many_labels_become_wrong(share: float, changes: int) -> None:
    assert len(corrupt(labelled(10), share, 0)[1]) == changes


@pytest.mark.parametrize("realistic", [False, True])
def test_each_kind_does_what_it_is_called(realistic: bool) -> None:
    changes = corrupt(labelled(20), 0.6, 3, realistic)[1]
    assert {change.kind for change in changes} == set(DAMAGES)
    for change in changes:
        assert (change.before is None) == (change.kind == "invented")
        assert (change.after is None) == (change.kind == "dropped")
        if change.before and change.after:
            same = [getattr(change.before, name) == getattr(change.after, name) for name in ("start", "end", "label")]
            assert same[:2] == [True, True] if change.kind == "type" else not all(same[:2])
            assert same[2] == (change.kind == "boundary")


@pytest.mark.parametrize("share", [0.0, -0.1, 1.0001, 2.0])
def test_shares_outside_of_nought_to_one_are_refused(share: float) -> None:
    with pytest.raises(InputError, match="must lie above 0 and not above 1"):
        corrupt(labelled(10), share, 0)


def test_changes_come_in_the_posts_order_and_then_by_place() -> None:
    posts = labelled(12)
    _, changes = corrupt(posts, 0.8, 2)
    places = [(int(change.post), (change.after or change.before or Span(0, 1, "")).start) for change in changes]
    assert places == sorted(places)
    assert len({place for place, _ in places}) < len(places)


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ('{"post": "7", "kind": "dropped", "before": {"start": 0, "end": 1, "label": "A"}, "after": null}',
         Corruption("7", "dropped", Span(0, 1, "A"), None)),
        ('{"post": 7, "kind": "type", "before": null, "after": {"start": 0, "end": 1, "label": "A"}, '
         '"how": "x", "split": "s"}',
         Corruption("7", "type", None, Span(0, 1, "A"), "x", "s")),
        ('{"post": "7", "kind": "dropped", "before": null, "after": null}', None),
        ('{"post": "7", "kind": "pinched", "before": {"start": 0, "end": 1, "label": "A"}, "after": null}', None),
        ('{"kind": "dropped", "before": {"start": 0, "end": 1, "label": "A"}, "after": null}', None),
        ('{"post": "7", "kind": "dropped", "before": {"start": 0, "end": 1, "label": "A"}}', None),
        ('{"post": "7", "kind": "dropped", "before": {"start": 1, "end": 1, "label": "A"}, "after": null}', None),
        ("[]", None),
        ("x", None),
    ],
)  # fmt: skip
def test_a_line_of_the_list_is_a_change_or_refused_with_its_number(
    tmp_path: Any, line: str, change: Corruption | None
) -> None:
    file = tmp_path / "corruptions.jsonl"
    file.write_text(f"\n{line}\n\n")
    if change is None:
        with pytest.raises(InputError, match=r"corruptions\.jsonl line 2 is no change"):
            read_corruptions(file)
    else:
        assert read_corruptions(file) == [change]
        assert Corruption(**{**change.to_json(), "before": change.before, "after": change.after}) == change
