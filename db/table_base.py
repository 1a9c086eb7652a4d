"""What all tables share: names for constraints, so that migrations can speak of them, and column types."""

from typing import Any

from sqlalchemy import JSON, Float, Index, MetaData, TextClause, text
from sqlalchemy.orm import DeclarativeBase


def index_where(name: str, columns: tuple[str, ...], condition: dict[str, bool], unique: bool = False) -> Index:
    """An index on the rows whose columns are true or false as said; questions must say so in the same words (`is_`)."""

    def said(true: str, false: str) -> TextClause:
        return text(" AND ".join(f"{column} IS {true if value else false}" for column, value in condition.items()))

    return Index(name, *columns, unique=unique, sqlite_where=said("1", "0"), postgresql_where=said("true", "false"))


def unique_where(name: str, column: str, condition: str) -> Index:
    """An index on a column that is unique among the rows that fulfil the condition."""
    return Index(name, column, unique=True, sqlite_where=text(condition), postgresql_where=text(condition))


class Table(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        float: Float(53),
    }
