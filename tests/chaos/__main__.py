"""`python -m tests.chaos [--short] [--minutes M] [--seed N] [SCENARIO …]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys

_parser = argparse.ArgumentParser(prog="make chaos ARGS=…", description="Breaks things on purpose.")
_parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="which to run; all if none")
_parser.add_argument("--seed", type=int, help="repeat a run")
_parser.add_argument("--minutes", type=float, default=5.0, help="for each long scenario (5)")
_parser.add_argument("--short", action="store_true", help="what fits into three minutes")
_parser.add_argument("--list", action="store_true", help="name the scenarios")


def main() -> int:
    """Run what was asked for; 1 if anything failed."""
    args = _parser.parse_args()
    seed = random.SystemRandom().randrange(2**31) if args.seed is None else args.seed
    os.environ["CC_DESKTOP_TEST_SEED"] = str(seed)  # of the fake clocks, before they are imported
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    logging.disable(logging.CRITICAL)  # what breaks is broken on purpose

    from tests.chaos import scenario
    from tests.chaos.all import SCENARIOS

    if args.list:
        for name, run in SCENARIOS.items():
            print(f"{name:<14} {(run.__doc__ or '').splitlines()[0]}")
        return 0
    unknown = set(args.scenarios) - SCENARIOS.keys()
    if unknown or args.minutes <= 0:
        _parser.error(f"no scenario {min(unknown)}" if unknown else "--minutes must be positive")
    print(f"seed {seed}", flush=True)
    failed = 0
    for name in args.scenarios or SCENARIOS:
        task = scenario.run(
            name, SCENARIOS[name], seed=seed, short=args.short, minutes=args.minutes
        )
        failed += not asyncio.run(task)
    print(f"{failed} failed" if failed else "all passed", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
