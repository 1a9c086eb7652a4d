"""Which mistakes are looked at: kept in the address, remembered from screen to screen, applied to lists of cases."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st

from db.evaluations import Judged
from db.mistake_cases import CaseFilter
from pages.mistakes.cases import Case, PostCases
from pages.shared import address
from pages.shared.address import FILTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(CaseFilter):
    """What is asked of a mistake, and how the posts are sorted (`order`, see `cases.ordered`); an empty field asks
    nothing. The fields' names are those in the address.
    """

    order: str = ""

    def parameters(self) -> dict[str, str]:
        """What the address says of it."""
        return {name: value for name, value in self.all_parameters().items() if value}

    def all_parameters(self) -> dict[str, str]:
        """All fields, empty ones too, by their name in the address."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def asks(self) -> bool:
        """Whether anything but an order is asked."""
        return bool(replace(self, order="").parameters())


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter needs to know beyond the cases: names seen in training, corrected posts, pictures that open."""

    seen: frozenset[str] = frozenset()
    corrected: frozenset[int] = frozenset()
    opens: Callable[[Judged], bool] = field(default=lambda _: True)


def current_filter() -> Filter:
    """The filter that the address names."""
    return Filter(**{name: st.query_params[name] for name in FILTERS if st.query_params.get(name)})


def set_filter(wanted: Filter) -> None:
    """Makes the address say the filter, and the first page of what is left; for callbacks."""
    address.write({**wanted.all_parameters(), "page": None})


def matching(posts: Iterable[PostCases], wanted: Filter, facts: Facts) -> list[PostCases]:
    """The posts that still hold a case after filtering, with those cases alone."""
    kept = (
        PostCases(post.judged, tuple(case for case in post.cases if _case_fits(case, post.judged, wanted, facts)))
        for post in posts
        if post_fits(post.judged, wanted, facts)
    )
    return [post for post in kept if post.cases]


def facet(posts: Iterable[PostCases], wanted: Filter, facts: Facts, name: str) -> Mapping[str, int]:
    """How many cases each value of one field would leave, under all other fields of the filter."""
    others: Any = {name: ""}
    left = matching(posts, replace(wanted, **others), facts)
    return Counter(str(_value(case, name)) for post in left for case in post.cases)


def post_fits(judged: Judged, wanted: Filter, facts: Facts) -> bool:
    """Whether a post is one of those that the filter asks for, whatever mistakes it holds."""
    if wanted.picture and wanted.picture != _picture(judged, facts):
        return False
    return not wanted.labels or (judged.gold_post.post in facts.corrected) == (wanted.labels == "corrected")


def _picture(judged: Judged, facts: Facts) -> str:
    if judged.gold_post.example.image_name is None:
        return "without"
    return "with" if facts.opens(judged) else "broken"


def surface(judged: Judged, case: Case) -> str:
    """The words of an entity, with single spaces and without regard to case: what makes two mentions the same name."""
    place = case.outcome.place
    tokens = judged.gold_post.example.tokens
    return " ".join(token.text for token in tokens if token.start < place.end and place.start < token.end).casefold()


def _case_fits(case: Case, judged: Judged, wanted: Filter, facts: Facts) -> bool:
    for name in ("kind", "type", "pair", "change"):
        asked = getattr(wanted, name)
        if asked and _value(case, name) != asked:
            return False
    if wanted.length and str(min(case.words, 3)) != wanted.length:
        return False
    return not wanted.name or (surface(judged, case) in facts.seen) == (wanted.name == "seen")


def _value(case: Case, name: str) -> str:
    if name == "pair":
        return f"{case.gold_label}>{case.predicted_label}"
    return str({"kind": case.kind, "type": case.label, "change": case.change}[name])
