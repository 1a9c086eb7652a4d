"""From a selection and a filter to the questions that the store answers about mistakes."""

from collections.abc import Collection

from db.engine import Store
from db.evaluations import judged
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import ORDERS, Order, cases_of
from pages.mistakes.cases import PostCases
from pages.mistakes.fairness import fairness
from pages.mistakes.filters import Filter
from pages.shared.selection import Selection


def mistakes_of(store: Store, chosen: Selection) -> MistakesOf:
    """Whose mistakes the selection speaks of; two runs are compared on labels that are fair to both.

    Raises:
        InputError: there is no such data set.
    """
    assert chosen.dataset, "a data set is chosen"
    assert chosen.run, "a run is chosen"
    fair_to: tuple[str, ...] = ()
    if chosen.compare:
        runs = (chosen.compare, chosen.run)
        fair_to = fairness(store, runs, chosen.dataset, chosen.split, chosen.gold).fair_to
    return MistakesOf(
        run=chosen.run, dataset=chosen.dataset, split=chosen.split, gold=chosen.gold, compare=chosen.compare,
        fair_to=fair_to,
    )  # fmt: skip


def asked_of_cases(wanted: Filter) -> CaseFilter:
    """What the filter asks of a case, apart from the order."""
    return CaseFilter(**{name: value for name, value in wanted.all_parameters().items() if name != "order"})


def order_of(wanted: Filter) -> Order:
    """The order that the filter names, the first where it is another word."""
    return next((order for order in ORDERS if order == wanted.order), ORDERS[0])


def with_their_cases(store: Store, of: MistakesOf, wanted: Filter, posts: Collection[int]) -> list[PostCases]:
    """Some posts, in this order, with gold, prediction and the cases that the filter leaves.

    Raises:
        InputError: there is no such run or data set.
    """
    looked = judged(store, of.run, of.dataset, of.split, of.gold, of.fair_to, posts)
    cases = cases_of(store, of, asked_of_cases(wanted), posts) or {}
    by_post = {
        each.gold_post.post: PostCases(each, cases[each.gold_post.post])
        for each in looked
        if each.gold_post.post in cases
    }
    return [by_post[post] for post in posts if post in by_post]
