"""What else differs between two probes, so that a difference need not be the encoders'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from flickrexif.probing.reporting.beside_published import PublishedRange
    from flickrexif.probing.reporting.published import PublishedAccuracy
    from flickrexif.probing.reporting.report import ProbeReport
    from flickrexif.probing.result import AttributeResult

PAPER_SOLVER = "sgd"
"""The study's head: stochastic gradient descent over unit-length features."""
PAPER_MASK = {"geometry": "center", "fill": "black"}
SEEN = ("dtype", "exact")
"""Words of a plan that decide embeddings."""
FITTED = {"sgd": ("trials", "epochs"), "lbfgs": ("penalties",), "ridge": ("penalties",)}
"""By solver, those that decide its heads."""
NEAR = 0.02
"""Masks whose hidden shares differ by less are alike: margins are whole pixels."""


def between_runs(first: ProbeReport, second: ProbeReport) -> tuple[str, ...]:
    """What two runs do not have in common, a line each."""
    return tuple(_between_runs(first, second))


def from_paper(
    report: ProbeReport, compared: Sequence[tuple[AttributeResult, PublishedAccuracy]]
) -> tuple[str, ...]:
    """In what ``report`` is not the study's set-up for what was ``compared``, a line each."""
    return tuple(_from_paper(report, compared))


def from_paper_setup(report: ProbeReport, ranges: Sequence[PublishedRange]) -> tuple[str, ...]:
    """In what ``report`` is not the set-up of the study for ``ranges``, a line each."""
    published = {one.hidden for one in ranges if one.hidden is not None}
    return (*_set_up(report), *_masks(report, _hidden(report).values(), published))


def _between_runs(first: ProbeReport, second: ProbeReport) -> Iterator[str]:
    if first.manifest_sha256 != second.manifest_sha256:
        yield f"not the same release: {_named(first)} and {_named(second)}"
    hidden, other = _hidden(first), _hidden(second)
    for name in hidden:
        if name in other and abs(hidden[name] - other[name]) > NEAR:
            shares = f"{percent(hidden[name])} % and {percent(other[name])} %"
            yield f"hidden of each photo: {shares}"
            break
    for word in ("solver", "seed"):
        if getattr(first, word) != getattr(second, word):
            yield f"{word}: {getattr(first, word)} and {getattr(second, word)}"
    yield from _unlike_plans(first, second)
    yield from _unlike_masks(first.mask, second.mask)
    for name, classes in first.classes.items():
        if second.classes.get(name, classes) != classes:
            yield f"{name} has other classes in the second"


def _unlike_plans(first: ProbeReport, second: ProbeReport) -> Iterator[str]:
    """Words that both plans tell otherwise; those of a solver where both have that one."""
    fitted = FITTED.get(first.solver, ()) if first.solver == second.solver else ()
    for word in (*SEEN, *fitted):
        if word in first.plan and word in second.plan and first.plan[word] != second.plan[word]:
            told = (plan.plan[word] for plan in (first, second))
            yield f"{word}: {' and '.join('its own' if one is None else str(one) for one in told)}"


def _unlike_masks(
    first: Mapping[str, Any] | None, second: Mapping[str, Any] | None
) -> Iterator[str]:
    if first is None or second is None:
        if first != second:
            yield "only one of them is masked"
        return
    for word in dict.fromkeys((*first, *second)):
        if first.get(word) != second.get(word):
            yield f"mask {word}: {first.get(word)} and {second.get(word)}"


def _from_paper(
    report: ProbeReport, compared: Sequence[tuple[AttributeResult, PublishedAccuracy]]
) -> Iterator[str]:
    yield from _set_up(report)
    hidden = _hidden(report)
    shown = [hidden[result.encoder] for result, _ in compared]
    yield from _masks(report, shown, {one.hidden for _, one in compared if one.hidden is not None})
    for name, (result, published) in {r.attribute: (r, p) for r, p in compared}.items():
        if published.train is not None and published.test is not None:
            yield (
                f"{name}: {result.train:,} train and {result.test:,} test photos, "
                f"published {published.train:,} and {published.test:,}"
            )
        else:
            yield f"{name}: other images than {published.dataset}'s"
        if (classes := report.classes.get(name)) and set(classes) != set(published.classes):
            yield f"{name}: as many classes, but others"


def _set_up(report: ProbeReport) -> Iterator[str]:
    if report.synthetic:
        yield "our photos are rendered, of cameras that do not exist"
    if report.solver != PAPER_SOLVER:
        yield f"solver {report.solver} is not the study's (sgd): choose it for a closer likeness"


def _masks(
    report: ProbeReport, hidden: Collection[float], published: Collection[float]
) -> Iterator[str]:
    """How the shares hidden, and what hides them, differ from what was ``published``."""
    for share in published:
        if any(abs(own - share) > NEAR for own in hidden):
            told = ", ".join(sorted({percent(own) for own in hidden}))
            yield f"hidden of each photo: {told} %, published {percent(share)} %"
    if published and report.mask:
        for word, value in PAPER_MASK.items():
            if report.mask.get(word) not in (value, None):
                yield f"the mask's {word} is {report.mask[word]}, published {value}"


def _hidden(report: ProbeReport) -> Mapping[str, float]:
    return {encoder.name: encoder.hidden for encoder in report.encoders}


def _named(report: ProbeReport) -> str:
    digest = f" ({report.manifest_sha256[:8]})" if report.manifest_sha256 else ""
    return f"{report.release} {report.version}".strip() + digest
