"""Two languages, complete in both."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask

import tracker.web
from tests.web.conftest import Browser
from tracker.domain.daily_log import LogState, Refusal
from tracker.storage.team_days import STATUSES
from tracker.web import words

WEB = Path(tracker.web.__file__).parent
CATALOGUE = WEB / "translations/id/LC_MESSAGES/messages.po"
MAILING = WEB.parent / "mailing"  # whose letters speak from the same catalogues
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]


def catalogue() -> Catalog:
    return read_po(io.BytesIO(CATALOGUE.read_bytes()))


def first(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def test_no_string_lacks_its_indonesian_and_none_is_left_over() -> None:
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}
    used = {
        first(message)
        for room in (WEB, MAILING)
        for _, _, message, _, _ in extract_from_dir(room, METHODS, keywords=keywords)
    }
    translated = {
        first(message.id) for message in catalogue() if message.id and first(message.string) and not message.fuzzy
    }
    assert used == translated


def test_translations_keep_the_places_of_their_values() -> None:
    broken = [message.id for message in catalogue() if message.id and list(message.check())]
    assert broken == []


def test_the_compiled_catalogue_is_the_one_in_the_repository() -> None:
    compiled = CATALOGUE.with_suffix(".mo")
    assert compiled.exists(), "run `pybabel compile -d tracker/web/translations`"
    with compiled.open("rb") as file:
        found = read_mo(file)
    texts, expected = ({first(m.id): first(m.string) for m in one if m.id} for one in (found, catalogue()))
    assert texts == expected


def test_every_word_of_the_domain_has_its_label() -> None:
    assert set(words.STATUS) == set(STATUSES)
    assert set(words.LOG) == {"none", *LogState}
    assert set(words.REFUSAL) == set(Refusal)


def test_indonesian_comes_first_and_the_browser_may_ask_for_english(nobody: Browser) -> None:
    assert '<html lang="id">' in nobody.get("/about").text
    assert '<html lang="id">' in nobody.get("/about", **{"Accept-Language": "fr"}).text
    english = nobody.get("/about", **{"Accept-Language": "en-GB,en;q=0.8"}).text
    assert '<html lang="en">' in english and "Open data and privacy" in english


def test_a_choice_of_language_is_remembered_on_staff_pages(nobody: Browser) -> None:
    assert "Sign in" in nobody.get("/sign-in?lang=en").text
    assert "Sign in" in nobody.get("/sign-in").text
    assert "Masuk" in nobody.get("/sign-in?lang=id").text


def test_the_switch_keeps_the_rest_of_the_address(supervisor: Browser) -> None:
    assert 'href="/team?q=siti&amp;page=2&amp;lang=en"' in supervisor.get("/team?q=siti&page=2").text


def test_an_unknown_language_is_no_error(app: Flask, nobody: Browser) -> None:
    assert '<html lang="id">' in nobody.get("/about?lang=xx").text
