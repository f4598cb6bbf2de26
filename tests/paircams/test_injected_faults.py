"""On simulated pairs each injected fault is found by its own check, and by no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageOps

from flickrexif.errors import UsageError
from paircams import Report, validate
from paircams.matching.geometry import motion
from paircams.sandbox import FAULTS, Simulated, simulate

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_PX = 560
SOUND = 6
BY_SUBJECT = [kind for kind, fault in FAULTS.items() if fault.subjects]
OF_THE_SET = [kind for kind, fault in FAULTS.items() if not fault.subjects]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, Report]:
    """One set with one fault of every kind, in subjects of their own, and a few sound pairs."""
    needed = sum(fault.subjects for fault in FAULTS.values())
    made = simulate(
        tmp_path_factory.mktemp("spoilt") / "set",
        pairs=needed + SOUND,
        faults=dict.fromkeys(BY_SUBJECT, 1),
        seed=0,
        longest_px=LONGEST_PX,
    )
    return made, validate(made.manifest)


@pytest.mark.parametrize("kind", BY_SUBJECT)
def test_a_fault_is_found_by_its_own_check_alone(
    spoilt: tuple[Simulated, Report], kind: str
) -> None:
    made, report = spoilt
    (planted,) = (fault for fault in made.planted if fault.kind == kind)
    found = {f.check for f in report.findings if f.subject_idx in planted.subjects}
    assert found == {planted.check}


def test_sound_pairs_and_the_whole_set_have_no_findings(
    spoilt: tuple[Simulated, Report],
) -> None:
    made, report = spoilt
    touched = {name for fault in made.planted for name in fault.subjects}
    assert [f for f in report.findings if f.subject_idx not in touched] == []
    sound = [v for v in report.verdicts if v.subject_idx not in touched]
    assert len(sound) == SOUND
    assert {(v.same_subject, v.view) for v in sound} == {("pass", "same")}


def test_the_views_of_sound_pairs_are_measured_as_they_were_simulated(
    spoilt: tuple[Simulated, Report],
) -> None:
    """Against the homographies that the photos were drawn by, in pixels of upright pictures."""
    made, report = spoilt
    truths = json.loads((made.folder / "faults.json").read_text())["homographies"]
    touched = {name for fault in made.planted for name in fault.subjects}
    for verdict in report.verdicts:
        if verdict.subject_idx in touched or verdict.figures is None:
            continue
        with Image.open(made.folder / verdict.smartphone) as photo:
            upright = ImageOps.exif_transpose(photo).size
        truth = motion(np.array(truths[verdict.subject_idx]), upright, upright)
        assert verdict.figures.rotation_deg == pytest.approx(truth.rotation_deg, abs=0.5)
        assert verdict.figures.scale == pytest.approx(truth.scale, rel=0.02)
        assert verdict.figures.iou == pytest.approx(truth.iou, abs=0.02)
        assert verdict.figures.shift == pytest.approx(truth.shift, abs=0.01)


def test_swapped_photos_name_each_other(spoilt: tuple[Simulated, Report]) -> None:
    made, report = spoilt
    (swap,) = (fault for fault in made.planted if fault.kind == "swapped")
    partners = {v.subject_idx: v.partner for v in report.verdicts if v.partner is not None}
    one, other = swap.subjects
    assert partners == {one: other, other: one}


def test_faults_of_all_files_go_together_and_with_others(tmp_path: Path) -> None:
    others = {"missing": 1, "rotated-180": 1, "gps": 1}
    faults = dict.fromkeys(OF_THE_SET, 1) | others
    made = simulate(tmp_path / "set", pairs=9, faults=faults, longest_px=400)
    report = validate(made.manifest)
    expected = [(one.check, *(one.subjects or [None])) for one in made.planted]
    found = [(finding.check, finding.subject_idx) for finding in report.findings]
    assert sorted(found, key=str) == sorted(expected, key=str)
    told = sorted(f.message.partition(" tells ")[0] for f in report.findings if not f.subject_idx)
    assert told == ["having EXIF of a camera", "the JPEG quantisation tables"]


@pytest.mark.parametrize(
    ("wide", "kind"), [(wide, kind) for wide in OF_THE_SET for kind in sorted(FAULTS[wide].hides)]
)
def test_a_fault_that_another_would_hide_is_refused(tmp_path: Path, wide: str, kind: str) -> None:
    with pytest.raises(UsageError, match=f"'{wide}' and '{kind}' contradict"):
        simulate(tmp_path / "set", faults={kind: 1, wide: 1})
    assert not (tmp_path / "set").exists()
