"""The programs of `make bench` still run; no time is looked at."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench import inbox_cost, reduce_cost
from tests.bench.__main__ import app, bare, gateway
from tests.bench.programs import Program, environment


def test_the_app_and_the_bare_program_tell_when_they_were_painted() -> None:
    env = environment("offscreen")
    with bare(env) as program:
        assert program.seconds_until("painted") > 0
        assert program.cpu_s() > 0
    with app(env, "--demo") as program:
        assert 0 < program.seconds_until("painted") <= program.seconds_until("fleet")
        assert min(program.memory()) > 0


def test_a_stream_reaches_the_model() -> None:
    with (
        gateway(20, 200) as url,
        Program("tests.bench.throughput", ["app", url, "200"], environment("offscreen")) as program,
    ):
        assert float(program.wait_for("wall")) > 0


def test_events_of_every_kind_are_taken_in() -> None:
    for kind in (reduce_cost.changes, reduce_cost.scattered, reduce_cost.progress):
        costs = reduce_cost.costs_us(kind, (10, 30), 2, 20)
        assert all(len(rounds) == reduce_cost.ROUNDS for rounds in costs.values())


def test_a_full_inbox_is_measured() -> None:
    for what in inbox_cost.FILLED:
        stores = inbox_cost.open_stores(what, (0, 3))
        costs = inbox_cost.costs_us(stores, inbox_cost.failure_events, 4)
        assert all(len(rounds) == inbox_cost.ROUNDS for rounds in costs.values())
    assert len(inbox_cost.with_gateways(3).fleet.gateways) == 3
    assert inbox_cost.summary_us(10, 2) > 0


def test_a_long_conversation_is_measured() -> None:
    env = environment("offscreen")
    program = [sys.executable, "-m", "tests.bench.transcript_cost", "300"]
    done = subprocess.run(program, capture_output=True, check=True, env=env, timeout=60)
    found = json.loads(done.stdout)
    assert found["messages"] == 300
    assert min(found["open_ms"], found["frame_median_ms"], found["search_ms"]) > 0
