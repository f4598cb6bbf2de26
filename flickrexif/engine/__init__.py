"""Run one stage over many shards, in this process or in local worker processes."""

from flickrexif.engine.local import InProcess, LocalPool
from flickrexif.engine.seam import Engine, ShardFailure, ShardReport, ShardTask, Stage, Worker

__all__ = [
    "Engine",
    "InProcess",
    "LocalPool",
    "ShardFailure",
    "ShardReport",
    "ShardTask",
    "Stage",
    "Worker",
]
