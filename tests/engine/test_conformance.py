from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine_stages import Upper, report

from flickrexif.engine import InProcess, LocalPool, ShardFailure, ShardReport, ShardTask

STOPPED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from engine_stages import Upper
from flickrexif.engine import LocalPool, ShardTask
folder = Path(sys.argv[2])
tasks = [ShardTask(n, word, folder / str(n)) for n, word in enumerate(("a", "sleeps", "sleeps"))]
list(LocalPool(3).run(Upper(folder / "log"), tasks))
"""
"""Two workers at work and one that waits for it."""

SLOW_STAGE = """
import os, sys, time
from pathlib import Path
from engine_stages import Upper
if "IS_WORKER" in os.environ and sys.argv[3] == "importing":
    Path(sys.argv[2], "log", f"imports {os.getpid()}").touch()
    time.sleep(1)
class Slow(Upper):
    pass
"""
INTERRUPTED = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from slow_stage import Slow
from flickrexif.engine import LocalPool, ShardTask
os.environ["IS_WORKER"] = "of those to come"
folder = Path(sys.argv[2])
tasks = [ShardTask(n, "sleeps", folder / str(n)) for n in range(2)]
try:
    list(LocalPool(2).run(Slow(folder / "log"), tasks))
except KeyboardInterrupt:
    print("interrupted")
"""
"""Ctrl-C comes to two workers, in the midst of their imports or of their shards."""

ENGINES = [InProcess(), LocalPool(1), LocalPool(2)]
POOLS = [LocalPool(1), LocalPool(2)]


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def tasks_of(folder: Path, *words: str) -> list[ShardTask]:
    return [ShardTask(index, word, folder / f"{index}.txt") for index, word in enumerate(words)]


def run(engine, log, tasks):
    outcomes = list(engine.run(Upper(log), tasks))
    assert sorted(outcome.index for outcome in outcomes) == [task.index for task in tasks]
    return {outcome.index: outcome for outcome in outcomes}


def attempts(log: Path, index: int) -> int:
    return len(list(log.glob(f"{index}-*")))


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_every_shard_is_made_once_and_reported(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, *"abcdefg")
    outcomes = run(engine, log, tasks)
    for task in tasks:
        assert task.target.read_text() == str(task.source).upper()
        assert outcomes[task.index] == report(task)
        assert ShardReport.read(task) == report(task)
        assert attempts(log, task.index) == 1


def test_engines_agree_byte_for_byte(tmp_path, log):
    made = []
    for number, engine in enumerate(ENGINES):
        folder = tmp_path / str(number)
        folder.mkdir()
        run(engine, log, tasks_of(folder, *"abc"))
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_a_rerun_does_only_what_has_no_report(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, *"abcd")
    run(engine, log, tasks)
    tasks[1].report_path.unlink()  # killed between the target and its report
    tasks[2].target.unlink()
    tasks[3].report_path.write_text('{"index": 3, "rows')
    run(engine, log, tasks)
    assert [attempts(log, index) for index in range(4)] == [1, 2, 2, 2]
    assert all(ShardReport.read(task) == report(task) for task in tasks)


def test_the_report_of_another_shard_is_not_taken(tmp_path, log):
    first, second = tasks_of(tmp_path, "a", "b")
    run(InProcess(), log, [first])
    second.target.write_text("stale")
    second.report_path.write_text(first.report_path.read_text())
    assert ShardReport.read(second) is None


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_an_exception_fails_its_shard_alone_and_is_tried_again_by_a_rerun(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, "a", "raises", "c")
    for attempt in (1, 2):
        outcomes = run(engine, log, tasks)
        assert outcomes[1] == ShardFailure(1, "ValueError: the shard is bad")
        assert attempts(log, 1) == attempt
    assert not tasks[1].report_path.exists()
    assert attempts(log, 0) == attempts(log, 2) == 1


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_a_stage_that_cannot_open_fails_its_shards_with_the_reason(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, "a", "b", "c")
    outcomes = list(engine.run(Upper(log, fails_to_open=True), tasks))
    assert {outcome.reason for outcome in outcomes} == {
        "FileNotFoundError: no model 'weights.bin'",
    }
    assert len(outcomes) == 3


@pytest.mark.parametrize("engine", POOLS, ids=repr)
def test_a_killed_worker_costs_nothing_but_time(engine, tmp_path, log):
    words = ("a", "kills once", "c", "d", "e", "f", "g", "h")
    outcomes = run(engine, log, tasks_of(tmp_path, *words))
    assert not [one for one in outcomes.values() if isinstance(one, ShardFailure)]
    assert attempts(log, 1) == 2
    # only what ran beside the death may have been begun again
    assert sum(attempts(log, index) for index in range(len(words))) <= len(words) + 2


def test_after_a_death_the_others_share_a_pool_again(tmp_path, log):
    run(LocalPool(1), log, tasks_of(tmp_path, "kills once", *"bcdefgh"))
    processes = {path.name.rpartition("-")[2] for path in log.iterdir()}
    assert len(processes) == 3  # the one that died, the isolated retry, and one for all the others


@pytest.mark.parametrize("engine", POOLS, ids=repr)
def test_a_poison_shard_fails_alone(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, "a", "b", "poison", "d", "e")
    outcomes = run(engine, log, tasks)
    failed = [one for one in outcomes.values() if isinstance(one, ShardFailure)]
    assert failed == [ShardFailure(2, "upper: the worker process died")]
    assert attempts(log, 2) == 2
    assert all(ShardReport.read(tasks[index]) for index in (0, 1, 3, 4))


def test_retries_are_counted(tmp_path, log):
    run(LocalPool(1, retries=3), log, tasks_of(tmp_path, "poison"))
    assert attempts(log, 0) == 4


def test_a_worker_that_dies_after_its_report_has_done_its_work(tmp_path, log):
    tasks = tasks_of(tmp_path, "kills after its report", "b")
    outcomes = run(LocalPool(1), log, tasks)
    assert outcomes[0] == report(tasks[0])
    assert attempts(log, 0) == 1


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_a_consumer_that_stops_leaves_the_rest_undone(engine, tmp_path, log):
    tasks = tasks_of(tmp_path, *"abcdefghijklmnop")
    running = engine.run(Upper(log), tasks)
    assert len(list(itertools.islice(running, 1))) == 1
    running.close()
    assert 1 <= len(list(log.iterdir())) <= 4


def test_workers_end_with_a_process_that_is_killed(tmp_path, log):
    words = [sys.executable, "-c", STOPPED, Path(__file__).parent, tmp_path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as parent:
        while len(list(log.iterdir())) < 3:
            assert parent.poll() is None
            time.sleep(0.05)
        parent.kill()
        # The pipe ends when nobody holds it any more: no worker, and no resource tracker.
        parent.communicate(timeout=30)
    assert parent.returncode == -9


@pytest.mark.parametrize("moment", ["importing", "at work"])
def test_control_c_ends_workers_at_once_and_in_silence(moment, tmp_path, log):
    """A terminal sends it to the workers too, also while they import."""
    (tmp_path / "slow_stage.py").write_text(SLOW_STAGE)
    words = [sys.executable, "-c", INTERRUPTED, Path(__file__).parent, tmp_path, moment]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as parent:
        while len(list(log.iterdir())) < 2:
            assert parent.poll() is None
            time.sleep(0.05)
        os.killpg(parent.pid, signal.SIGINT)
        told, _ = parent.communicate(timeout=30)
    assert told.decode() == "interrupted\n"


@pytest.mark.parametrize("engine", ENGINES, ids=repr)
def test_nothing_to_do_is_nothing(engine, log):
    assert list(engine.run(Upper(log), [])) == []
