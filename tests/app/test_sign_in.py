"""Names come from the settings or a trusted header, and from nowhere else."""

import pytest

from mner_core.types import InputError
from pages.shared.sign_in import PeopleSettings, who

BEHIND_PROXY = PeopleSettings(header="X-Forwarded-User")


def test_local_mode_trusts_no_header() -> None:
    assert who({"X-Forwarded-User": "eve"}, PeopleSettings(name="anna")) == "anna"


def test_local_mode_without_a_name_is_the_computers_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "maria")
    assert who({}, PeopleSettings()) == "maria"


def test_the_trusted_header_in_any_case() -> None:
    assert who({"x-forwarded-user": " Ben\u202e "}, BEHIND_PROXY) == "Ben"


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-User": " "}, {"X-User": "eve"}])
def test_nobody_is_signed_in(headers: dict[str, str]) -> None:
    with pytest.raises(InputError, match="Nobody is signed in"):
        who(headers, BEHIND_PROXY)


@pytest.mark.parametrize("name", ["gold", "Original", "current"])
def test_names_with_a_meaning(name: str) -> None:
    with pytest.raises(InputError, match="meaning of its own"):
        who({"X-Forwarded-User": name}, BEHIND_PROXY)


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNER_USER_HEADER", "X-Me")
    monkeypatch.setenv("MNER_USER", "anna")
    assert PeopleSettings.from_environment() == PeopleSettings(header="X-Me", name="anna")


@pytest.mark.parametrize("name", ["Jürgen", "Łukasz", "王芳", "Zoë O'Neill", "ann", "Ἑλένη"])
def test_names_in_utf_8_are_read_as_they_were_sent(name: str) -> None:
    settings = PeopleSettings(header="X-User")
    assert who({"x-user": name.encode().decode("latin-1")}, settings) == name
    assert who({"X-User": name}, settings) == name, "decoded already"


def test_a_name_in_latin_1_stays_what_it_is() -> None:
    assert who({"X-User": "J\xfcrgen"}, PeopleSettings(header="X-User")) == "Jürgen"
