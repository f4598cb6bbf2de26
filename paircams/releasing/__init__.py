"""Versioned releases of pairs: build, verify, compare, take down. `flickrexif.publishing` sends."""

from paircams.releasing.build import build
from paircams.releasing.diff import diff
from paircams.releasing.difference import PairsDiff
from paircams.releasing.ledger import WithdrawnPair, read_ledger
from paircams.releasing.plan import PairsPlan
from paircams.releasing.summary import BuildSummary
from paircams.releasing.takedown import PairsTakedown, take_down
from paircams.releasing.verify import verify

__all__ = [
    "BuildSummary",
    "PairsDiff",
    "PairsPlan",
    "PairsTakedown",
    "WithdrawnPair",
    "build",
    "diff",
    "read_ledger",
    "take_down",
    "verify",
]
