"""What a page shows of each subject: its photos, what was found, and which points were matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paircams.finding import SEVERITIES
from paircams.layout import SIDES
from paircams.pictures import Picture, show_photos

if TYPE_CHECKING:
    from flickrexif.progress import Progress
    from paircams.finding import Finding
    from paircams.layout import PhotoFile, Side, Subject
    from paircams.report import Report
    from paircams.verdict import Figures, PairVerdict

TALL_PX, LOW_PX = 300, 150
"""Heights of photos in pairs with something to look at, and in sound ones."""
GAP_PX = 12
SOUND = "sound"
RANKS = (*SEVERITIES, SOUND)


@dataclass(frozen=True, slots=True)
class Line:
    """A matched point, in pixels of the two photos side by side."""

    x1: float
    y1: float
    x2: float
    y2: float
    hue: int


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
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in SEVERITIES if severity in found), SOUND)

    @property
    def rank(self) -> tuple[int, int]:
        """What is worst comes first; of equals, what a person has to decide."""
        in_review = self.verdict is not None and self.verdict.same_subject == "review"
        return RANKS.index(self.status), 0 if in_review else 1

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
        """The matched points, each with a hue of its own."""
        matches = self.figures.matches if self.figures else ()
        left, right, offset = self.smartphone, self.camera, self.smartphone.width + GAP_PX
        return tuple(
            Line(
                round(a[0] * left.width, 1),
                round(a[1] * left.height, 1),
                round(offset + b[0] * right.width, 1),
                round(b[1] * right.height, 1),
                number * 137 % 360,  # the golden angle keeps neighbours apart
            )
            for number, (a, b) in enumerate(matches)
        )

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


def make_cards(report: Report, progress: Progress) -> list[Card]:
    """Return a card for every declared subject, what is worst first, else as declared.

    The photos are read again, from where the report's set declares them.
    """
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        found.setdefault(finding.subject_idx or "", []).append(finding)
    verdicts = {verdict.subject_idx: verdict for verdict in report.verdicts}
    heights = {
        file: TALL_PX if subject.subject_idx in found else LOW_PX
        for subject in report.declared.subjects
        for file in subject.files
    }
    progress.start("photos", len(heights), "photo")
    pictures: dict[PhotoFile, Picture] = {}
    for file, picture in show_photos(heights):
        pictures[file] = picture
        progress.advance()
    progress.close()
    cards = (
        _card(subject, verdicts.get(name), tuple(found.get(name, ())), pictures)
        for subject in report.declared.subjects
        for name in (subject.subject_idx,)
    )
    return sorted(cards, key=lambda card: card.rank)


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
