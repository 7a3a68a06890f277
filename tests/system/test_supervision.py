"""Failure domains, and the log of what fails in them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cc_desktop.system.supervision import (
    FIRST_RESTART_S,
    LONGEST_RESTART_S,
    MAX_FAULTS,
    FaultLog,
    keep_running,
    root_cause,
)
from tests.fakes.clock import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class UnexpectedError(Exception):
    """Nobody has thought of this one."""


class Job:
    """Fails at once, unless it is told to work; counts its starts."""

    def __init__(self) -> None:
        self.starts = 0
        self.works = False
        self.error: BaseException | None = UnexpectedError()
        self.waits: list[float] = []
        self.wake = asyncio.Event()

    async def run(self) -> None:
        self.starts += 1
        if self.works:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


@asynccontextmanager
async def kept(job: Job, clock: FakeClock) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(
        keep_running("job", job.run, clock, FaultLog(), on_failure=job.waits.append, wake=job.wake)
    )
    await settle()
    yield task
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def traces(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.exc_info]


async def test_a_job_that_fails_is_restarted_ever_more_slowly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, job = FakeClock(), Job()
    async with kept(job, clock):
        await clock.advance(3600)

    assert job.waits[:5] == [30.0, 60.0, 120.0, 240.0, 300.0]
    assert set(job.waits[5:]) == {LONGEST_RESTART_S}
    assert traces(caplog) == ["job: internal error"]


async def test_it_is_restarted_at_once_when_it_is_woken() -> None:
    clock, job = FakeClock(), Job()
    async with kept(job, clock):
        job.works = True
        job.wake.set()
        await settle()

        assert job.starts == 2


async def test_one_that_worked_long_is_restarted_soon_again() -> None:
    clock, job = FakeClock(), Job()
    async with kept(job, clock):
        await clock.advance(3600)
        release = asyncio.Event()

        async def run_long() -> None:
            await release.wait()
            raise UnexpectedError

        job.run = run_long  # type: ignore[method-assign]
    async with kept(job, clock):
        await clock.advance(3600)
        release.set()
        await settle()

        assert job.waits[-1] == FIRST_RESTART_S


async def test_ending_is_a_failure_too(caplog: pytest.LogCaptureFixture) -> None:
    job = Job()
    job.error = None
    async with kept(job, FakeClock()):
        assert "job ended by itself" in caplog.text


async def test_something_cancelled_inside_is_a_failure_and_no_end() -> None:
    job = Job()
    job.error = asyncio.CancelledError()
    async with kept(job, FakeClock()):
        assert job.waits == [FIRST_RESTART_S]


async def test_a_display_of_the_failure_that_fails_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def show(_wait_s: float) -> None:
        raise UnexpectedError

    clock, job = FakeClock(), Job()
    task = asyncio.create_task(keep_running("job", job.run, clock, FaultLog(), on_failure=show))
    await clock.advance(600)

    assert not task.done()
    assert traces(caplog) == ["job: internal error", "job, showing its failure: internal error"]
    task.cancel()


def fail(context: str, faults: FaultLog) -> int:
    try:
        raise UnexpectedError
    except UnexpectedError as error:
        return faults.record(context, error)


def test_the_same_fault_is_logged_once_and_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultLog()
    counts = [fail("decoder", faults) for _ in range(1000)]

    assert counts[-1] == 1000
    assert [record.message for record in caplog.records] == [
        "decoder: internal error",
        "decoder: UnexpectedError again, 10 times now",
        "decoder: UnexpectedError again, 100 times now",
        "decoder: UnexpectedError again, 1000 times now",
    ]
    assert fail("another", faults) == 1


def test_what_is_remembered_of_faults_is_bounded() -> None:
    faults = FaultLog(logging.getLogger("nobody"))
    faults._log.disabled = True
    for number in range(MAX_FAULTS + 100):
        fail(f"context {number}", faults)

    assert len(faults._counts) == MAX_FAULTS


def test_the_cause_is_looked_for_in_groups() -> None:
    cause = UnexpectedError()

    assert root_cause(ExceptionGroup("a", [ExceptionGroup("b", [cause])])) is cause
