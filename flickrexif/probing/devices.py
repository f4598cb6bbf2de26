"""The words for where and in which precision encoders compute."""

from __future__ import annotations

from typing import Literal

Device = Literal["auto", "cpu", "cuda", "mps"]
"""``auto`` is a GPU where there is one, else the CPU."""
Dtype = Literal["float32", "bfloat16"]
