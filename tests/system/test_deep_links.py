from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cc_desktop import cli
from cc_desktop.shell import app_commands
from cc_desktop.system import deep_links
from cc_desktop.system.deep_links import (
    MAX_ID,
    MAX_LINK,
    AgentUrl,
    ItemUrl,
    LinkError,
    is_link,
    make_link,
    parse_link,
    register_links,
)
from cc_desktop.system.launch_command import read_entry
from tests.fakes.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("link", "gateway", "agent"),
    [
        ("cc-desktop://agent/studio/otto", "studio", "otto"),
        ("CC-Desktop://Agent/studio/otto", "studio", "otto"),
        ("cc-desktop://agent/localhost:18789/main", "localhost:18789", "main"),
        ("cc-desktop://agent/home%20lab/caf%C3%A9", "home lab", "café"),
        ("cc-desktop://agent/a%2Fb/c%3Fd", "a/b", "c?d"),
        ("cc-desktop://agent/studio/%F0%9F%A6%A6", "studio", "🦦"),
        ("cc-desktop://agent/studio/..", "studio", ".."),
    ],
)
def test_a_link_names_an_agent(link: str, gateway: str, agent: str) -> None:
    assert parse_link(link) == AgentUrl(gateway, agent)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "cc-desktop:",
        "cc-desktop://",
        "cc-desktop://agent",
        "cc-desktop://agent/studio",
        "cc-desktop://agent/studio/",
        "cc-desktop://agent//otto",
        "cc-desktop://agent/studio/otto/",
        "cc-desktop://agent/studio/otto/more",
        "cc-desktop://agent/studio/otto?x=1",
        "cc-desktop://agent/studio/otto#x",
        "cc-desktop://me@agent/studio/otto",
        "cc-desktop://agent:80/studio/otto",
        "cc-desktop://session/studio/otto",
        "https://agent/studio/otto",
        " cc-desktop://agent/studio/otto",
        "cc-desktop://agent/studio/otto\n",
        "cc-desktop://agent/studio/ot to",
        "cc-desktop://agent/studio/otto%",
        "cc-desktop://agent/studio/otto%4",
        "cc-desktop://agent/studio/otto%zz",
        "cc-desktop://agent/studio/%FF",
        "cc-desktop://agent/studio/%ED%A0%80",
        "cc-desktop://agent/studio/%00",
        "cc-desktop://agent/studio/a%0Ab",
        "cc-desktop://agent/studio/%E2%80%AEotto",
        "cc-desktop://agent/studio/café",
        'cc-desktop://agent/studio/"otto"',
        "cc-desktop://agent/studio/" + "a" * 201,
        "cc-desktop://agent/studio/" + "%61" * MAX_LINK,
    ],
)
def test_what_names_no_agent_is_refused_without_repeating_it(link: str) -> None:
    with pytest.raises(LinkError) as raised:
        parse_link(link)

    text = str(raised.value)
    assert text.startswith("This link ")
    assert "otto" not in text.replace("GATEWAY", "")


@given(st.text())
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    for link in (text, f"cc-desktop://agent/{text}", f"cc-desktop://agent/a/{text}"):
        try:
            found = parse_link(link)
        except LinkError:
            continue
        assert isinstance(found, AgentUrl)
        assert found.gateway.isprintable()
        assert found.agent.isprintable()


@given(st.text())
@example("approval-0a1b2c")
def test_a_link_to_an_item_is_an_id_and_nothing_else(text: str) -> None:
    try:
        found = parse_link(f"cc-desktop://inbox/{text}")
    except LinkError:
        return
    assert isinstance(found, ItemUrl)
    assert found.item == text.lower().rstrip("/")
    assert found.item.replace("-", "").isalnum() or set(found.item) == {"-"}


@given(st.text(), st.text())
@example("\ud800", "a")
def test_a_link_that_was_made_names_what_it_was_made_for_or_is_refused(
    gateway: str, agent: str
) -> None:
    link = make_link(gateway, agent)
    assert link.isascii()
    try:
        found = parse_link(link)
    except LinkError:
        assert (
            not (gateway.isprintable() and agent.isprintable())
            or not (gateway and agent)
            or (max(len(gateway), len(agent)) > MAX_ID or len(link) > MAX_LINK)
        )
        return
    assert isinstance(found, AgentUrl)
    assert found == AgentUrl(gateway, agent) or "?" in found.gateway + found.agent


def test_a_link_is_known_by_its_scheme() -> None:
    assert is_link("cc-desktop://agent/a/b")
    assert is_link("CC-DESKTOP:nonsense")
    assert not is_link("cc-desktop")
    assert not is_link("status")


# Registering


def test_xdg_mime_inherits_no_token(tmp_path: Path) -> None:
    tool = tmp_path / "xdg-mime"
    tool.write_text(f"#!/bin/sh\n/usr/bin/env > {tmp_path / 'seen'}\n")
    tool.chmod(0o755)

    register_links(["/opt/cc"], tmp_path / "i.svg", environ(tmp_path) | {"GATEWAY_TOKEN": "hush"})

    if sys.platform == "linux":
        assert "HOME=" in (tmp_path / "seen").read_text()
        assert "hush" not in (tmp_path / "seen").read_text()


def environ(tmp_path: Path, path: str = "") -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "PATH": path or str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CURRENT_DESKTOP": "X-Generic",
    }


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="desktop entries: Linux only")


@linux_only
def test_an_entry_says_that_it_opens_links(tmp_path: Path) -> None:
    told = register_links(["/my apps/cc"], tmp_path / "icon.svg", environ(tmp_path))

    path = tmp_path / "data" / "applications" / "cc-desktop.desktop"
    entry = read_entry(path.read_text())
    assert entry["Exec"] == '"/my apps/cc" %u'
    assert entry["MimeType"] == "x-scheme-handler/cc-desktop;"
    assert entry["Icon"] == str(tmp_path / "icon.svg")
    assert "xdg-mime is not here" in told


@linux_only
@pytest.mark.skipif(
    not (shutil.which("xdg-mime") and shutil.which("desktop-file-validate")),
    reason="the tools of desktops",
)
def test_a_desktop_knows_who_opens_links(tmp_path: Path) -> None:
    env = environ(tmp_path, os.environ["PATH"])

    told = register_links(["/opt/cc/cc-desktop"], tmp_path / "icon.svg", env)

    query = ["xdg-mime", "query", "default", "x-scheme-handler/cc-desktop"]
    asked = subprocess.run(query, env=env, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "cc-desktop.desktop"
    path = tmp_path / "data" / "applications" / "cc-desktop.desktop"
    subprocess.run(["desktop-file-validate", str(path)], check=True)
    assert told == f"{path} opens links of cc-desktop://"


@linux_only
def test_what_cannot_be_registered_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a directory belongs")

    with pytest.raises(LinkError, match=r"^Links cannot be registered: .*\.$"):
        register_links(["/cc"], tmp_path / "icon.svg", environ(tmp_path))
    with pytest.raises(LinkError, match=r"^Links cannot be registered: .*'='"):
        register_links(["/a=b/cc"], tmp_path / "icon.svg", environ(tmp_path))


def test_windows_is_told_in_the_registry_of_the_user() -> None:
    registry = Registry()

    deep_links._register_windows(["C:\\my apps\\cc-desktop.exe"], registry)

    root = "Software\\Classes\\cc-desktop"
    assert registry.keys[root]["URL Protocol"] == ""
    command = registry.keys[f"{root}\\shell\\open\\command"][""]
    assert command == '"C:\\my apps\\cc-desktop.exe" "%1"'


# The command line


@pytest.mark.parametrize(
    "args",
    [
        ["cc-desktop://agent/a/b", "cc-desktop://agent/a/c"],
        ["status", "cc-desktop://agent/a/b"],
        ["cc-desktop://agent/a/b", "status"],
    ],
)
def test_a_link_stands_alone(
    args: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--config", str(tmp_path), *args])

    assert end.value.code == 2
    assert capsys.readouterr().err == "cc-desktop: give one link, and no command with it\n"


def test_registering_tells_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def register(command: list[str], _icon: object) -> str:
        asked.append(command)
        return "ok"

    monkeypatch.setattr(app_commands, "register_links", register)

    assert cli.main(["--register-links", "--config", str(tmp_path), "--url", "ws://h/"]) == 0
    assert capsys.readouterr().out == "ok\n"
    assert asked[0][-4:] == ["--config", str(tmp_path), "--url", "ws://h/"]


def test_a_failure_to_register_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise LinkError("Links cannot be registered: /x: no.")

    monkeypatch.setattr(app_commands, "register_links", fail)

    assert cli.main(["--register-links"]) == 1
    assert capsys.readouterr().err == "cc-desktop: Links cannot be registered: /x: no.\n"


@pytest.mark.parametrize("ident", ["otto", "a/b?c#d", "50%", "two words", "Zoë", "🦖", "~.-_"])
def test_a_link_that_is_made_leads_back(ident: str) -> None:
    assert parse_link(make_link("home lab", ident)) == AgentUrl("home lab", ident)
