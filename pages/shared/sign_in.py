"""Who is asking: in local mode one name, behind a proxy the name that a trusted header carries."""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass

from db.gold import CURRENT, ORIGINAL
from db.posts import GOLD
from mner_core.types import InputError

_RESERVED = {GOLD, ORIGINAL, CURRENT}


@dataclass(frozen=True, kw_only=True)
class PeopleSettings:
    """Where names come from.

    Args:
        header: the header that the proxy in front sets to the name of whoever signed in; empty in local mode. No header
            is trusted otherwise, because everybody can send one.
        name: who works here in local mode; empty for the name of the computer's user.
    """

    header: str = ""
    name: str = ""

    @classmethod
    def from_environment(cls) -> "PeopleSettings":
        """`MNER_USER_HEADER` and `MNER_USER`."""
        return cls(header=os.environ.get("MNER_USER_HEADER", ""), name=os.environ.get("MNER_USER", ""))


def who(headers: Mapping[str, str], settings: PeopleSettings) -> str:
    """The name of the one who asks, which is also the name of their track.

    Raises:
        InputError: the trusted header is missing or empty, or the name is one that the store needs itself.
    """
    if settings.header:
        sent = {name.lower(): value for name, value in headers.items()}
        name = _as_sent(sent.get(settings.header.lower(), ""))
        missing = f"Nobody is signed in: the header {settings.header} is missing; open the program through its sign-in."
    else:
        name = settings.name or _user()
        missing = "Nobody is named: set MNER_USER to your name."
    name = "".join(char if char.isprintable() else " " for char in name).strip()[:80]
    if not name:
        raise InputError(missing)
    if name.lower() in _RESERVED:
        raise InputError(f"The name {name!r} has a meaning of its own here: sign in under another one.")
    return name


def _as_sent(value: str) -> str:
    """A header's text: proxies send UTF-8, and the web server hands every byte on as one Latin-1 character."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:  # it was Latin-1, or has been decoded already
        return value


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without an entry, as in some containers
        return "me"
