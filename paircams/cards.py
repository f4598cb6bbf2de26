"""What a page shows of each subject: its photos, what was found, and which points were matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paircams.finding import SEVERITIES
from paircams.layout import SIDES
from paircams.pictures import Picture, show_photos

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from flickrexif.progress import Progress
    from paircams.finding import Finding
    from paircams.layout import PhotoFile, Side, Subject
    from paircams.report import Report
    from paircams.verdict import Figures, PairVerdict

TALL_PX, LOW_PX = 300, 150
"""Heights of photos in pairs with something to look at, and in other ones."""
MOST_TALL = 150
"""So many pairs at most are shown tall, what is worst first, so that a page can still be sent."""
GAP_PX = 12
SOUND = "sound"
RANKS = (*SEVERITIES, SOUND)

Line = tuple[float, float, float, float]
"""A matched point: x and y in each of the two photos, in pixels of both side by side."""


@dataclass(frozen=True, slots=True)
class Card:
    """One subject on the page."""

    subject: Subject
    verdict: PairVerdict | None
    findings: tuple[Finding, ...]
    smartphone: Picture
    camera: Picture
    surplus: tuple[Picture, ...]
    """Further photos declared for the subject."""

    @property
    def status(self) -> str:
        """The severity of its worst finding, or ``sound``."""
        return _status(self.findings)

    @property
    def words(self) -> tuple[str, ...]:
        """What filters know this card by."""
        checks = [f"check-{finding.check}" for finding in self.findings]
        verdict = [f"subject-{self.verdict.same_subject}"] if self.verdict else []
        return tuple(dict.fromkeys([self.status, *verdict, *checks]))

    @property
    def width(self) -> int:
        """Pixels of the two photos side by side."""
        return self.smartphone.width + GAP_PX + self.camera.width

    @property
    def height(self) -> int:
        """Pixels of the higher of the two photos."""
        return max(self.smartphone.height, self.camera.height)

    @property
    def figures(self) -> Figures | None:
        """What matching measured, where both photos can be seen."""
        shown = self.smartphone.address and self.camera.address
        return self.verdict.figures if self.verdict and shown else None

    @property
    def lines(self) -> tuple[Line, ...]:
        """The matched points."""
        matches = self.figures.matches if self.figures else ()
        left, right, offset = self.smartphone, self.camera, self.smartphone.width + GAP_PX
        return tuple(
            (
                round(a[0] * left.width, 1),
                round(a[1] * left.height, 1),
                round(offset + b[0] * right.width, 1),
                round(b[1] * right.height, 1),
            )
            for a, b in matches
        )

    @property
    def points(self) -> str:
        """The numbers of `lines`, for the script that draws them when they are to be seen."""
        return " ".join(",".join(f"{place:g}" for place in line) for line in self.lines)

    @property
    def overlay(self) -> str | None:
        """The CSS transform that lays the smartphone's photo upon the camera's."""
        if self.figures is None:
            return None
        shares = np.array(self.figures.homography).reshape(3, 3)
        into = np.diag([self.camera.width, self.camera.height, 1.0])
        out_of = np.diag([1 / self.smartphone.width, 1 / self.smartphone.height, 1.0])
        (a, b, c), (d, e, f), (g, h, i) = (into @ shares @ out_of).tolist()
        entries = (a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i)
        return f"matrix3d({','.join(f'{entry:.6g}' for entry in entries)})"


def make_cards(report: Report, progress: Progress, *, most_tall: int = MOST_TALL) -> list[Card]:
    """Return a card for every declared subject, what is worst first, else as declared.

    The photos are read again, from where the report's set declares them.
    """
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.subject_idx or "", []).append(finding)
    verdicts = {verdict.subject_idx: verdict for verdict in report.verdicts}

    def rank(subject: Subject) -> tuple[int, int]:
        """What is worst comes first; of equals, what a person has to decide."""
        verdict = verdicts.get(subject.subject_idx)
        in_review = verdict is not None and verdict.same_subject == "review"
        return RANKS.index(_status(found.get(subject.subject_idx, ()))), 0 if in_review else 1

    ordered = sorted(report.declared.subjects, key=rank)
    tall = {one.subject_idx for one in ordered[:most_tall] if one.subject_idx in found}
    pictures = _pictures(ordered, tall, progress)
    return [
        _card(one, verdicts.get(name), tuple(found.get(name, ())), pictures)
        for one in ordered
        for name in (one.subject_idx,)
    ]


def _status(findings: Iterable[Finding]) -> str:
    found = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in found), SOUND)


def _pictures(
    subjects: Iterable[Subject], tall: Container[str], progress: Progress
) -> dict[PhotoFile, Picture]:
    heights = {
        file: TALL_PX if subject.subject_idx in tall else LOW_PX
        for subject in subjects
        for file in subject.files
    }
    progress.start("photos", len(heights), "photo")
    pictures: dict[PhotoFile, Picture] = {}
    for file, picture in show_photos(heights):
        pictures[file] = picture
        progress.advance()
    progress.close()
    return pictures


def _card(
    subject: Subject,
    verdict: PairVerdict | None,
    findings: tuple[Finding, ...],
    pictures: dict[PhotoFile, Picture],
) -> Card:
    first = {side: next(iter(subject.on(side)), None) for side in SIDES}
    smartphone, camera = (pictures[file] if file else _absent(side) for side, file in first.items())
    surplus = (pictures[file] for file in subject.files if file not in first.values())
    return Card(subject, verdict, findings, smartphone, camera, tuple(surplus))


def _absent(side: Side) -> Picture:
    return Picture("", side, TALL_PX * 4 // 3, TALL_PX, problem="there is no photo on this side")
