"""That the scenarios can run, can fail, and say so; and the quick ones, which always run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos import scenario
from tests.chaos.all import SCENARIOS
from tests.chaos.fuzz import CORPUS
from tests.chaos.scenario import Chaos, Skipped, check

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[2]
QUICK = ("storm", "comes-and-goes", "clock-steps", "fuzz-link", "fuzz-links")


@pytest.mark.parametrize("name", QUICK)
async def test_a_quick_scenario_passes(name: str, tmp_path: Path) -> None:
    # The same each time: what a new seed finds is for `make chaos`, not for somebody else's change.
    seed = os.environ.get("CC_DESKTOP_TEST_SEED", "2026")
    await SCENARIOS[name](Chaos(random.Random(f"{seed} {name}"), True, 1, tmp_path))


@pytest.mark.parametrize(
    ("outcome", "line", "passes"),
    [
        (None, "pass", True),
        (AssertionError("agent a: wrong"), "FAIL", False),
        (RuntimeError("unexpected"), "FAIL", False),
        (Skipped("no lab"), "skip", True),
    ],
)
async def test_a_scenario_has_one_line_with_its_outcome(
    outcome: Exception | None, line: str, passes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_chaos: Chaos) -> str:
        if outcome:
            raise outcome
        return "7 figures"

    result = await scenario.run("some", broken, seed=1, short=True, minutes=1)
    first = capsys.readouterr().out.splitlines()[0]

    assert result is passes
    assert first.startswith(f"{line}  some")
    assert str(outcome or "7 figures") in first


async def test_a_seed_repeats_a_scenario() -> None:
    drawn: list[float] = []

    async def draw(chaos: Chaos) -> str:
        drawn.append(chaos.rng.random())
        return ""

    for seed in (1, 1, 2):
        await scenario.run("some", draw, seed=seed, short=True, minutes=1)

    assert drawn[0] == drawn[1] != drawn[2]


def test_check_raises() -> None:
    with pytest.raises(AssertionError, match="what is wrong"):
        check(False, "what is wrong")


def test_the_command_line_names_its_seed_first_and_tells_the_outcome() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.chaos", *arguments]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )

    told = run("--short", "--seed", "3", "comes-and-goes")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[0] == "seed 3"
    assert told.stdout.splitlines()[-1] == "all passed"
    assert run("nonsense").returncode == 2
    assert run("--minutes", "0").returncode == 2
    assert set(SCENARIOS) == {line.split()[0] for line in run("--list").stdout.splitlines()}


def test_the_corpus_is_small() -> None:
    files = [path for path in CORPUS.rglob("*") if path.is_file()]

    assert len(files) < 200
    assert sum(path.stat().st_size for path in files) < 500_000
