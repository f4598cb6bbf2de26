"""What tells of an attribute without a trace: size, colour, published facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.probing.measure import Features, fitting_device, solve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.probing.embeddings import Embeddings
    from flickrexif.probing.nuisance import Facts
    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.release_data import AttributeData


@dataclass(frozen=True, slots=True)
class References:
    """Accuracies of what sees no camera trace, alike for every encoder; None where not known."""

    size: float | None = None
    colour: float | None = None
    nuisance: float | None = None
    nuisance_columns: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        attribute: AttributeData,
        embeddings: Mapping[str, Embeddings],
        facts: Facts | None,
        plan: ProbePlan,
    ) -> References:
        """From the embeddings called ``size`` and ``colour`` and the published ``facts``."""
        told = None if facts is None else facts.embeddings(attribute)
        known = (embeddings.get("size"), embeddings.get("colour"), told)
        size, colour, nuisance = (
            None if each is None else reference_accuracy(attribute, each, plan) for each in known
        )
        columns = facts.columns(attribute.name) if facts and told else ()
        return cls(size, colour, nuisance, columns)


def reference_accuracy(
    attribute: AttributeData, embeddings: Embeddings, plan: ProbePlan
) -> float | None:
    """Test accuracy of a probe of ``embeddings``; None when too few photos have one.

    They are standardised whatever the solver does: as they have units, length 1 would mean nothing.
    """
    known = attribute.among(embeddings.photo_ids)
    if not known.is_learnable:
        return None
    features = Features.of(known, embeddings, device=fitting_device(plan)).standardised()
    outcome = solve(known, features, plan, shuffles=0)
    return float((outcome.predicted == known.test.labels).mean())
