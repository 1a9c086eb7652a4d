"""Which mistakes are looked at: kept in the address, remembered from screen to screen."""

from dataclasses import dataclass, fields, replace

import streamlit as st

from db.mistake_cases import CaseFilter
from pages.shared import address
from pages.shared.address import FILTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(CaseFilter):
    """What is asked of a mistake, and how the posts are sorted (`order`, see `db.mistakes.ORDERS`); an empty field asks
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


def current_filter() -> Filter:
    """The filter that the address names."""
    return Filter(**{name: st.query_params[name] for name in FILTERS if st.query_params.get(name)})


def set_filter(wanted: Filter) -> None:
    """Makes the address say the filter, and the first page of what is left; for callbacks."""
    address.write({**wanted.all_parameters(), "page": None})
