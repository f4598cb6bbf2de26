"""The two engines that need nothing but Python: this process, and a pool of processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.engine.parent import deferred_interrupts, end_by_interrupt, end_with_parent
from flickrexif.engine.seam import ShardFailure, ShardReport

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from flickrexif.engine.seam import ShardTask, Stage, Worker

    Outcome = ShardReport | ShardFailure


@dataclass(frozen=True, slots=True)
class InProcess:
    """Runs every shard here, one after the other: for debugging and for one core."""

    def run(self, stage: Stage, tasks: Iterable[ShardTask]) -> Iterator[ShardReport | ShardFailure]:
        """Yield one report or failure per task, in order."""
        opened = _Opened(stage)
        for task in tasks:
            yield ShardReport.read(task) or opened.attempt(task)


@dataclass(frozen=True, slots=True)
class LocalPool:
    """Runs shards in ``processes`` worker processes.

    When a worker dies, the shards that were running then are run again, each in a pool of its own
    and at most ``retries`` times, so that a shard that kills its worker fails alone; the others go
    on in a new pool. Workers end with the process that runs this, also when that is killed.
    """

    processes: int
    retries: int = 1

    def run(self, stage: Stage, tasks: Iterable[ShardTask]) -> Iterator[ShardReport | ShardFailure]:
        """Yield one report or failure per task, as they end."""
        waiting: deque[ShardTask] = deque()
        for task in tasks:
            done = ShardReport.read(task)
            if done is None:
                waiting.append(task)
            else:
                yield done
        while waiting:
            suspects = yield from self._until_a_death(stage, waiting)
            for task in suspects:
                yield self._isolate(stage, task)

    def _until_a_death(
        self, stage: Stage, waiting: deque[ShardTask]
    ) -> Generator[Outcome, None, list[ShardTask]]:
        """Empty ``waiting`` into one pool; return the shards that were running when it broke."""
        pool = self._pool(stage, min(self.processes, len(waiting)))
        running: dict[Future[Outcome], ShardTask] = {}
        suspects: list[ShardTask] = []
        try:
            while (waiting and not suspects) or running:
                while waiting and not suspects and len(running) < self.processes:
                    try:
                        with deferred_interrupts():  # this may start a worker
                            running[pool.submit(_attempt_here, waiting[0])] = waiting[0]
                    except BrokenProcessPool:
                        suspects.append(waiting[0])
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        suspects.append(task)
                    else:
                        yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
        return sorted(suspects, key=lambda task: task.index)

    def _isolate(self, stage: Stage, task: ShardTask) -> Outcome:
        for _ in range(self.retries):
            done = ShardReport.read(task)
            if done is not None:
                return done
            with self._pool(stage, 1) as pool:
                try:
                    with deferred_interrupts():
                        future = pool.submit(_attempt_here, task)
                    return future.result()
                except BrokenProcessPool:
                    continue
        return ShardFailure(task.index, f"{stage.name}: the worker process died")

    @staticmethod
    def _pool(stage: Stage, processes: int) -> ProcessPoolExecutor:
        # spawn: a forked child of a process that runs threads (polars, torch) may hang
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(processes, context, initializer=_install, initargs=(stage,))


class _Opened:
    """A stage whose worker is made at the first task, so that a failure to make it has a reason."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._worker: Worker | None = None

    def attempt(self, task: ShardTask) -> Outcome:
        try:
            if self._worker is None:
                self._worker = self._stage.open()
            report = self._worker(task)
            report.commit(task)
        except Exception as error:  # noqa: BLE001 - the boundary: one shard fails, the others go on
            return ShardFailure(task.index, f"{type(error).__name__}: {error}")
        return report


_here: list[_Opened] = []
"""The one opened stage of a worker process."""


def _install(stage: Stage) -> None:
    end_by_interrupt()
    end_with_parent()
    _here[:] = [_Opened(stage)]


def _attempt_here(task: ShardTask) -> Outcome:
    return _here[0].attempt(task)
