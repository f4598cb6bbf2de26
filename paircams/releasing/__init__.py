"""Versioned releases of pairs: build, card and verify. Publishing is `flickrexif.publishing`'s."""

from paircams.releasing.build import build
from paircams.releasing.plan import PairsPlan
from paircams.releasing.summary import BuildSummary
from paircams.releasing.verify import verify

__all__ = ["BuildSummary", "PairsPlan", "build", "verify"]
