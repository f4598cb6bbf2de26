"""Pairs of photos of one subject: once with a smartphone, once with an older digital camera.

Public names are imported when they are first used, so that ``paircams --help`` waits for no
decoder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paircams.finding import Finding
    from paircams.pairing import match
    from paircams.proposal import Proposal, ProposedPair
    from paircams.report import Report
    from paircams.validating import validate
    from paircams.verdict import Figures, PairVerdict

_ROOMS = {
    "Figures": "verdict",
    "Finding": "finding",
    "PairVerdict": "verdict",
    "Proposal": "proposal",
    "ProposedPair": "proposal",
    "Report": "report",
    "match": "pairing",
    "validate": "validating",
}

__all__ = [
    "Figures",
    "Finding",
    "PairVerdict",
    "Proposal",
    "ProposedPair",
    "Report",
    "match",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
