"""What arrives on the instance socket may be anything."""

from __future__ import annotations

import contextlib

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from cc_desktop.desktop.instance.single_instance import VERSION, InstanceMessage, _parse, is_token
from cc_desktop.system.deep_links import LinkError, parse_link

near = st.fixed_dictionaries(
    {},
    optional={
        "command": st.sampled_from(["show", "open", "none", "quit"]) | st.integers(),
        "target": st.text() | st.none(),
        "activation_token": st.text() | st.booleans(),
        "version": st.integers(-2, 3) | st.text(),
    },
).map(msgspec.json.encode)


@given(st.binary() | near)
@example(b"[" * 8_000)
@example(b'{"command":"show","more":' + b"[" * 8_000)
@example(b'{"command":"open","target":"\\ud800"}')
def test_no_line_raises_and_what_is_taken_is_of_this_version(line: bytes) -> None:
    message = _parse(line)
    if message is None:
        return
    assert isinstance(message, InstanceMessage)
    assert message.version == VERSION
    assert is_token(message.activation_token)
    with contextlib.suppress(LinkError):
        parse_link(message.target)
