"""Do the two photos of a pair show one subject, in one view?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paircams.checks.check import Fault
from paircams.checks.copies import is_one_picture
from paircams.matching.cascade import nearest_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paircams.collection import Collection, Pair
    from paircams.limits import Limits
    from paircams.verdict import Figures, PairVerdict, SameSubject, View


def rejected(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Pairs that a person rejected in a review."""
    for subject in collection.declared.subjects:
        if subject.decision == "reject":
            reason = "rejected in review; take it anew or leave the subject out"
            yield Fault(reason, subject.subject_idx)


def swapped(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs whose smartphone photo fits the camera photo of another pair that fails as well."""
    for pair, verdict in _with(collection, limits, "fail"):
        partner = verdict.partner
        if partner is not None and _is_failed(collection, partner):
            reason = (
                "another subject than the smartphone's photo, which fits the camera's photo of "
                f"subject {partner}; exchange the camera's photos"
            )
            yield _fault(pair, verdict, reason, limits)


def strangers(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Other pairs whose photos do not show one subject."""
    for pair, verdict in _with(collection, limits, "fail"):
        partner = verdict.partner
        if partner is not None and _is_failed(collection, partner):
            continue
        advice = "look at both, and take the camera's photo anew"
        if partner is not None:
            advice = f"the smartphone's photo fits the camera's photo of subject {partner}"
        agreeing = 0 if verdict.figures is None else verdict.figures.inliers
        reason = f"not the subject of the smartphone's photo ({agreeing} matches agree); {advice}"
        yield _fault(pair, verdict, reason, limits)


def unsure(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs that show one subject perhaps: a person decides."""
    for pair, verdict in _with(collection, limits, "review"):
        if (figures := verdict.figures) is None:
            continue
        alike = "unknown" if figures.ncc is None else f"{figures.ncc:.2f}"
        reason = (
            f"perhaps not the subject of the smartphone's photo: {figures.inliers} matches agree, "
            f"spread over {figures.hull_share:.1%} of the frame, grey levels correlate by {alike}; "
            "look at both (paircams review)"
        )
        yield _fault(pair, verdict, reason, limits)


def rotated(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs of one subject of which one photo lies on its side or is upside down."""
    for pair, figures in _seen_as(collection, limits, "rotated"):
        turn = nearest_turn(figures.rotation_deg, limits)
        yield Fault.of(
            pair.camera.file,
            f"rotated by {abs(turn)}° against the smartphone's photo; {_turning(turn)}",
            value=figures.rotation_deg,
            limit=limits.view_rotation_deg,
            evidence={"turn_camera_clockwise_deg": -turn % 360},
        )


def mirrored(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs of one subject of which one photo is mirrored."""
    for pair, figures in _seen_as(collection, limits, "mirrored"):
        turn = nearest_turn(figures.rotation_deg, limits)
        then = f", then {_turning(turn)}" if turn else ""
        reason = f"mirrored against the smartphone's photo; flip one of them left to right{then}"
        yield Fault.of(pair.camera.file, reason, value=float(figures.inliers))


def framing(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs of one subject from another place, or with another crop, zoom or tilt."""
    for pair, figures in _seen_as(collection, limits, "framed otherwise"):
        value, limit, told = _worst(figures, limits)
        reason = f"framed otherwise than the smartphone's photo: {told}; take it anew from there"
        yield Fault.of(pair.camera.file, reason, value=value, limit=limit)


def _with(
    collection: Collection, limits: Limits, told: SameSubject
) -> Iterator[tuple[Pair, PairVerdict]]:
    """Pairs of two captures with a verdict; one picture on both sides has a check of its own."""
    for pair in collection.pairs:
        verdict = collection.verdicts[pair.subject_idx]
        if verdict.same_subject == told and not is_one_picture(pair, limits):
            yield pair, verdict


def _seen_as(collection: Collection, limits: Limits, view: View) -> Iterator[tuple[Pair, Figures]]:
    for pair, verdict in _with(collection, limits, "pass"):
        if verdict.view == view and verdict.figures is not None:
            yield pair, verdict.figures


def _is_failed(collection: Collection, subject_idx: str) -> bool:
    verdict = collection.verdicts.get(subject_idx)
    return verdict is not None and verdict.same_subject == "fail"


def _fault(pair: Pair, verdict: PairVerdict, reason: str, limits: Limits) -> Fault:
    evidence = {} if verdict.partner is None else {"partner": verdict.partner}
    return Fault.of(
        pair.camera.file,
        reason,
        value=float(0 if verdict.figures is None else verdict.figures.inliers),
        limit=float(limits.subject_inliers),
        evidence=evidence,
    )


def _turning(turn: int) -> str:
    """How to undo a turn of the smartphone's photo by ``turn`` degrees clockwise."""
    if abs(turn) == 180:
        return "turn one of them by 180°"
    hand = "counterclockwise" if turn > 0 else "clockwise"
    return f"turn the camera's photo by 90° {hand}, unless the smartphone's lies on its side"


def _worst(figures: Figures, limits: Limits) -> tuple[float, float, str]:
    """The figure that is farthest beyond its limit, with that and in words."""
    zoom = max(figures.scale, 1 / figures.scale)
    degrees = abs(figures.rotation_deg)
    nearer = "larger" if figures.scale > 1 else "smaller"
    told = [
        (degrees, limits.view_rotation_deg, f"rolled by {degrees:.0f}°"),
        (zoom, limits.view_scale, f"the subject {zoom:.2f} times {nearer}"),
        (figures.shift, limits.view_shift, f"moved by {figures.shift:.0%} of the diagonal"),
    ]
    value, limit, words = max(told, key=lambda figure: figure[0] / figure[1])
    if value > limit:
        return value, limit, words
    return figures.iou, limits.view_iou, f"the frames share {figures.iou:.0%} of their union"
