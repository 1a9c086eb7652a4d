"""Search in the texts of posts: what a person types is found wherever it stands, and read as nothing but text.

Case, the form in which Unicode writes a character, kinds of white space and invisible characters do not count; all else
does: quotation marks, AND, * and emoji stand for themselves, and scripts without spaces need no words. On SQLite an
index of all runs of three characters finds the posts (FTS5, trigrams); elsewhere the texts are looked through.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, func, insert, select, text, true, update
from sqlalchemy.orm import Session

from db.engine import Store
from db.pauses import then_a_pause
from db.tables import Posts, PostTexts

BATCH = 500
"""Texts of one transaction."""
_POST_TEXTS: Table = PostTexts.__table__  # type: ignore[assignment]
_RUN = 3
"""Characters of a term of the index."""
_ASKED = 24
"""Terms of one question: a longer text is looked up by some of its terms, and then compared."""
_BEGINNINGS = 24
"""Terms that may begin with one or two characters; more of them, and texts are looked through instead."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_VARIANTS = frozenset("\ufe0e\ufe0f")
"""They say whether a sign is drawn as text or as an emoji."""


def search_form(words: str) -> str:
    """A text as it is searched: NFKC without regard to case, single spaces, nothing invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
    spaced = " ".join(folded.split())
    if spaced.isprintable() and _VARIANTS.isdisjoint(spaced):  # nearly every text is: nothing invisible in it
        return spaced
    return "".join(
        char for char in spaced if char not in _VARIANTS and unicodedata.category(char) not in _INVISIBLE
    ).strip()


def holds(session: Session, post_id: Any, words: str, are_few: bool = False) -> ColumnElement[bool]:
    """The condition that the text of a post, whose number a column holds, has these words in it.

    Where the posts in question `are_few`, their texts are looked at, and the index is not asked for all that have them.
    """
    form = search_form(words)
    if not form:
        return true()
    found = None if are_few else _posts_with(session, form)
    if found is not None:
        return post_id.in_(found)
    return exists().where(PostTexts.post_id == post_id, _has(session, form))


def is_searchable(session: Session) -> bool:
    """Whether every text has its form; until then no search has an answer."""
    return not session.scalar(select(select(PostTexts.post_id).where(PostTexts.text.is_(None)).exists()))


def waiting_texts(store: Store) -> int:
    """How many texts have no form yet."""
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(PostTexts).where(PostTexts.text.is_(None))) or 0


def add_texts(session: Session, texts: Iterable[tuple[int, str]]) -> None:
    """Makes new posts searchable, given by number and `search_form`, within the transaction that writes them."""
    rows = [{"post_id": number, "text": form} for number, form in texts]
    if rows:
        session.execute(insert(_POST_TEXTS), rows)
        _add_to_index(session, rows)


def add_waiting_texts(store: Store, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Makes all texts searchable that wait, each batch in one short transaction, and returns how many that were.

    `progress` hears how many of all are done, and stops by raising; the next call goes on.

    Raises:
        StoreError: there is no room left; what was done stays.
    """
    done, total = 0, waiting_texts(store)
    while True:
        with then_a_pause(store), store.write() as session:
            waiting = select(PostTexts.post_id).where(PostTexts.text.is_(None)).order_by(PostTexts.post_id)
            numbers = session.scalars(waiting.limit(BATCH)).all()
            rows = session.execute(select(Posts.id, Posts.text).where(Posts.id.in_(numbers))).all()
            if rows:
                forms = [{"post_id": row.id, "text": search_form(row.text)} for row in rows]
                session.execute(update(PostTexts), forms)
                _add_to_index(session, forms)
        if not rows:
            return done
        done += len(rows)
        progress(done, max(total, done))


def _add_to_index(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds texts to SQLite's index; behind each stand two signs of an end, so that every character begins a term."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO post_texts_index (rowid, text) VALUES (:post_id, :text || char(3, 3))"), rows)


def _posts_with(session: Session, form: str) -> Select[int] | None:
    """The posts whose texts have a form in them, as the index finds them; None where it cannot help."""
    question = _question(session, form) if session.get_bind().dialect.name == "sqlite" else None
    if question is None:
        return None
    found = select(PostTexts.post_id)
    if len(form) > _RUN:  # the index knows which runs a text has, not where
        found = found.where(_has(session, form))
    matching = text("SELECT rowid FROM post_texts_index WHERE post_texts_index MATCH :question")
    return found.where(PostTexts.post_id.in_(matching.bindparams(question=question)))


def _has(session: Session, form: str) -> ColumnElement[bool]:
    place = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
    return place(PostTexts.text, form) > 0


def _question(session: Session, form: str) -> str | None:
    """What the index is asked, each term in quotation marks so that none is an operator; None where it cannot help.

    Behind each text stand two signs of an end (see `_add_to_index`), so that every character of it begins a term.
    """
    if len(form) >= _RUN:
        terms = dict.fromkeys(form[place : place + _RUN] for place in range(len(form) - _RUN + 1))
        return " AND ".join(map(_quoted, [*terms][:_ASKED]))
    beginning = text("SELECT term FROM post_texts_terms WHERE term >= :first AND term < :last LIMIT :most")
    limits = {"first": form, "last": f"{form}\U0010ffff", "most": _BEGINNINGS + 1}
    found = session.scalars(beginning, limits).all()
    if len(found) > _BEGINNINGS:
        return None
    return " OR ".join(map(_quoted, found)) or _quoted("\x03" * _RUN)


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'
