"""Every frame that the app can send, against the schema that OpenClaw publishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cc_desktop.gateway import rights
from cc_desktop.gateway.device_identity import new_identity
from cc_desktop.gateway.requests import cards, visibility
from cc_desktop.protocol import frames, handshake

if TYPE_CHECKING:
    from tests.lab.install import Lab

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def schema(lab: Lab) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(lab.schema.read_text())
    return data


def _params(name: str) -> dict[str, Any]:
    identity = new_identity()
    client = handshake.Client("0.1.0", "linux", identity.instance_id)
    return {
        "connect": handshake.connect_params(
            client,
            handshake.Challenge("nonce", 1_700_000_000_000),
            token="secret",
            public_key=identity.public_key,
            sign=identity.sign,
        ),
        "connect with everything": handshake.connect_params(
            client,
            handshake.Challenge("nonce", 1_700_000_000_000),
            token="secret",
            public_key=identity.public_key,
            sign=identity.sign,
            scopes=("operator.read", "operator.approvals", "operator.questions", "operator.write"),
            shared=True,
        ),
        rights.REQUEST_UPGRADE: {"scopes": ["operator.read", "operator.questions"]},
        rights.WAIT_UPGRADE: {"requestId": "9a6e54b2-bca1-4881-90c3-1188231f5560"},
        "question.list": {},
        cards.METHOD: {"sessionKey": "agent:otto:main"},
        visibility.METHOD: {"visible": True},
        "agents.list": {},
        "sessions.list": {"limit": 200},
        "sessions.list page": {"limit": 200, "offset": 200},
        "chat.history": {"sessionKey": "agent:otto:main", "limit": 50},
        "chat.history page": {"sessionKey": "agent:otto:main", "limit": 50, "offset": 50},
        "chat.history cursor": {"sessionKey": "agent:otto:main", "cursor": "eyJ2ZXJzaW9uIjoxfQ"},
        "sessions.messages.subscribe": {"key": "agent:otto:main"},
        "sessions.messages.unsubscribe": {"key": "agent:otto:main"},
        "progressCard.get": {"sessionKey": "agent:otto:main"},
        "cron.list": {"includeDisabled": True, "limit": 200},
        "cron.list page": {"includeDisabled": True, "limit": 200, "offset": 200},
        "tasks.list": {"limit": 200},
        "models.authStatus": {},
        "device.pair.list": {},
        "node.pair.list": {},
        "channels.pairing.list": {},
    }[name]


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("connect", "ConnectParams"),
        ("connect with everything", "ConnectParams"),
        ("question.list", "QuestionListParams"),
        (cards.METHOD, "ProgressCardGetParams"),
        (visibility.METHOD, "SessionsObserverVisibilityParams"),
        (rights.REQUEST_UPGRADE, "ScopeUpgradeRequest"),
        (rights.WAIT_UPGRADE, "ScopeUpgradeWait"),
        ("agents.list", "AgentsListParams"),
        ("sessions.list", "SessionsListParams"),
        ("sessions.list page", "SessionsListParams"),
        ("chat.history", "ChatHistoryParams"),
        ("chat.history page", "ChatHistoryParams"),
        ("chat.history cursor", "ChatHistoryParams"),
        ("sessions.messages.subscribe", "SessionsMessagesSubscribeParams"),
        ("sessions.messages.unsubscribe", "SessionsMessagesUnsubscribeParams"),
        ("progressCard.get", "ProgressCardGetParams"),
        ("cron.list", "CronListParams"),
        ("cron.list page", "CronListParams"),
        ("tasks.list", "TasksListParams"),
        ("models.authStatus", "ModelsAuthStatusParams"),
        ("device.pair.list", "DevicePairListParams"),
        ("node.pair.list", "NodePairListParams"),
        ("channels.pairing.list", "ChannelsPairingListParams"),
    ],
)
def test_what_we_send_fits_the_schema(schema: dict[str, Any], name: str, definition: str) -> None:
    definitions = schema.get("definitions") or schema["$defs"]
    method = name.split()[0]
    frame = json.loads(frames.encode_request("00000000", method, _params(name)))
    whole = {**schema, "$ref": f"#/definitions/{definition}"}
    if definition not in definitions:
        pytest.fail(f"the schema does not define {definition}: {sorted(definitions)[:5]}")
    jsonschema.validate(frame["params"], whole)
    jsonschema.validate(frame, {**schema, "$ref": "#/definitions/RequestFrame"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**frame["params"], "noSuchField": 1}, whole)


def test_a_request_without_parameters_of_its_own_fits_the_frame(schema: dict[str, Any]) -> None:
    """`sessions.subscribe {}`: the schema names no parameters for it."""
    frame = json.loads(frames.encode_request("00000000", "sessions.subscribe", {}))
    jsonschema.validate(frame, {**schema, "$ref": "#/definitions/RequestFrame"})
