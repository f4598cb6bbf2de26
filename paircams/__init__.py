"""Pairs of photos of one subject: once with a smartphone, once with an older digital camera."""

from paircams.finding import Finding
from paircams.pairing import match
from paircams.proposal import Proposal, ProposedPair
from paircams.report import Report
from paircams.validate import validate
from paircams.verdict import Figures, PairVerdict

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
