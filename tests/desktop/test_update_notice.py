"""The line about the app itself in the window."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QDesktopServices

from cc_desktop import __version__
from cc_desktop.desktop.update_notice import UpdateNotice
from cc_desktop.system.update_check import Update, UpdateCheck
from tests.desktop import sample
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.desktop.window.fleet_window import FleetWindow

PAGE = "https://example.org/news"


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    def recall(self, key: str) -> object:
        return self.kept.get(key)

    def remember(self, key: str, value: object) -> None:
        self.kept[key] = value


class News(UpdateCheck):
    """News without anybody to ask."""

    def __init__(self) -> None:
        self.news: Update | None = None

    @property
    def found(self) -> Update | None:
        return self.news


class Shown:
    """A notice in a real window."""

    def __init__(self, window: FleetWindow) -> None:
        self.window = window
        self.bar = window.notice
        self.news = News()
        self.notice = UpdateNotice(self.bar, self.news, Memory())

    def find(self, update: Update) -> None:
        self.news.news = update
        self.notice.refresh()


@pytest.fixture
def it(open_window: Callable[..., FleetWindow]) -> Shown:
    return Shown(open_window(sample.live_store()))


def test_a_newer_version_is_told_until_it_is_dismissed(it: Shown) -> None:
    it.find(Update("9.1"))
    assert it.bar.text == f"Version 9.1 is available, this is {__version__}."
    assert it.bar.link.isHidden()

    it.bar.dismiss.click()
    it.notice.refresh()
    assert it.bar.text == ""

    it.find(Update("9.2"))
    assert "9.2" in it.bar.text


def test_its_page_is_opened_by_the_browser(it: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    it.find(Update("9.1", PAGE))
    it.bar.link.click()

    assert opened == [PAGE]


def test_messages_go_before_the_news(it: Shown) -> None:
    it.find(Update("9.1", PAGE))
    it.notice.show_message("Something else.")
    assert it.bar.text == "Something else."
    assert it.bar.link.isHidden()

    it.bar.dismiss.click()
    assert "9.1" in it.bar.text


def test_a_slip_in_the_settings_goes_before_hints_and_each_can_be_dismissed(it: Shown) -> None:
    it.find(Update("9.1"))
    it.notice.show_problem("settings.toml:3: slip", lambda: None, lambda: None)
    it.notice.show_hint("No tray.", last=True)
    it.notice.show_hint("No tray.", last=True)
    it.notice.show_hint("The device key was damaged.")
    shown = []
    while it.bar.text:
        shown.append(it.bar.text)
        it.bar.dismiss.click()
    assert shown[:3] == ["settings.toml:3: slip", "The device key was damaged.", "No tray."]
    assert "9.1" in shown[3]


def test_a_hint_that_does_not_hold_any_more_is_gone(it: Shown) -> None:
    it.notice.show_hint("No tray.")
    it.notice.drop_hint("No tray.")
    assert it.bar.text == ""


def test_nobody_is_asked_where_no_address_is_set(it: Shown) -> None:
    notice = UpdateNotice(it.bar, None, Memory())
    assert notice.update is None
    assert not notice.enabled


class Asked(UpdateCheck):
    """Writes down for how long it is asked."""

    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name

    @property
    def found(self) -> Update | None:
        return None

    async def run(self, on_found: Callable[[], None]) -> None:
        self.log.append(f"{self.name} asks")
        try:
            await asyncio.Event().wait()
        finally:
            self.log.append(f"{self.name} ends")


async def test_another_address_is_asked_at_once(it: Shown) -> None:
    log: list[str] = []
    notice = UpdateNotice(it.bar, None, Memory())
    running = asyncio.create_task(notice.run())
    await settle()
    for updates in (Asked(log, "first"), Asked(log, "second"), None):
        notice.replace(updates)
        await settle()
    assert log == ["first asks", "first ends", "second asks", "second ends"]
    assert not running.done()
    running.cancel()


async def test_a_check_that_fails_is_told_to_who_runs_it(it: Shown) -> None:
    class Broken(Asked):
        async def run(self, on_found: Callable[[], None]) -> None:
            raise LookupError("nobody expected this")

    notice = UpdateNotice(it.bar, Broken([], ""), Memory())
    with pytest.raises(LookupError):
        await notice.run()


def test_a_note_that_was_dismissed_does_not_come_again(it: Shown) -> None:
    memory = Memory()
    notice = UpdateNotice(it.bar, None, memory)
    say = functools.partial(notice.show_problem, open_file=list, try_again=list)
    say("settings.toml:3: The setting colour is unknown.", is_note=True)
    assert it.bar.text.startswith("settings.toml:3")
    assert it.bar.link.text() == "Open file"
    it.bar.dismiss.click()
    say("settings.toml:3: The setting colour is unknown.", is_note=True)
    assert it.bar.text == ""
    say("settings.toml:4: The setting size is unknown.", is_note=True)
    assert it.bar.text.startswith("settings.toml:4")
    say("settings.toml:4: a slip")
    it.bar.dismiss.click()
    say("settings.toml:4: a slip")
    assert it.bar.text != ""  # a slip costs something, so it comes again
