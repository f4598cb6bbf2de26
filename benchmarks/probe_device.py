"""The device that a benchmark of probes runs on: its name, its clock, how fast it multiplies."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import linear

if TYPE_CHECKING:
    from collections.abc import Callable

SIDE = {"cpu": 512, "cuda": 8192}
"""Of the matrices of a product that keeps the device busy."""
PRODUCTS = 4


def seconds(call: Callable[[], object], device: str) -> float:
    """CPU seconds of this process on the CPU; on a GPU those of the clock, its queue emptied."""
    on_gpu = device.startswith("cuda")
    clock = time.perf_counter if on_gpu else time.process_time
    if on_gpu:
        torch.cuda.synchronize(device)
    started = clock()
    call()
    if on_gpu:
        torch.cuda.synchronize(device)
    return clock() - started


def product_speed(device: str, dtype: str) -> float:
    """Operations per second of a large product of matrices: what the card really gives, best of 3.

    Two for a multiplication with its addition. No table of cards says what clock, power limit and
    library make of one; this does, in the same run.
    """
    side = SIDE[device.partition(":")[0]]
    one = torch.randn(side, side, device=device).to(getattr(torch, dtype))

    def multiply() -> None:
        for _ in range(PRODUCTS):
            linear(one, one)

    multiply()
    best = min(seconds(multiply, device) for _ in range(3))
    return PRODUCTS * 2 * side**3 / best


def name_of(device: str) -> str:
    """What the machine calls it."""
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device} ({platform.processor() or platform.machine()})"
