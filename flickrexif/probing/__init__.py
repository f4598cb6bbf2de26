"""What do frozen embeddings of a release's photos tell of the cameras that took them?"""

from __future__ import annotations

from pathlib import Path

from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.report import AttributeResult, ProbeReport
from flickrexif.probing.require import required
from flickrexif.progress import Progress, Silent

__all__ = ["AttributeResult", "ProbePlan", "ProbeReport", "encoder_names", "probe"]


def probe(
    release: Path | str,
    plan: ProbePlan | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ProbeReport:
    """Embed each distinct photo of ``release`` once and probe every attribute linearly.

    A multinomial logistic regression is fitted to the train split for each penalty of the path; the
    validation split chooses one, train and validation together are fitted with it, and the test
    split is looked at once. Beside each accuracy stand chance, the majority class, permuted labels,
    and what sizes and colours alone tell. With ``out``, embeddings and results are written there.

    Raises `UsageError` for a folder that is no release or holds no images, for an attribute or
    encoder that is unknown or cannot be probed, and when the ``probe`` extra is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib", "safetensors")))
    from flickrexif.probing.run import run

    return run(
        Path(release),
        plan or ProbePlan(),
        out=None if out is None else Path(out),
        progress=progress or Silent(),
    )


def encoder_names() -> tuple[str, ...]:
    """The names that `ProbePlan.encoder` may have."""
    required("torch")
    from flickrexif.probing.encoders import ENCODERS

    return tuple(ENCODERS)
