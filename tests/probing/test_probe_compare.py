"""Two probes beside each other, and a probe beside the published figures."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_reports import encoder, predictions, published_result, report, result

from flickrexif.errors import UsageError
from flickrexif.labels.attributes import attribute
from flickrexif.probing import ProbeReport, compare_probes
from flickrexif.probing.encoders.catalogue import catalogue
from flickrexif.probing.reporting.compare import paired_interval, unpaired_interval
from flickrexif.probing.reporting.measured import Measured
from flickrexif.probing.reporting.predictions import write_predictions
from flickrexif.probing.reporting.published import (
    published_accuracies,
    published_encoders,
    published_for,
    published_label,
)
from flickrexif.probing.reporting.report_files import as_dict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from command_line import CommandLine

    from flickrexif.probing.reporting.predictions import Predictions

CLIP = "CLIP (ViT-B/16, WIT)"
FAMILIES = {"CVL": "contrastive", "SUP": "supervised", "SSL": "self-supervised"}


def written(folder: Path, one: ProbeReport, said: Sequence[Predictions] = ()) -> Path:
    """The files that a comparison reads."""
    from flickrexif.probing.reporting.predictions import write_predictions

    folder.mkdir()
    (folder / "results.json").write_text(json.dumps(as_dict(one)))
    if said:
        write_predictions(folder / "predictions.parquet", said)
    return folder


# Two runs


def test_runs_of_the_same_photos_are_paired(tmp_path: Path):
    right, less = [True] * 36 + [False] * 4, [True] * 12 + [False] * 28
    sides = [
        written(
            tmp_path / name,
            report((encoder("x"),), (result("x", "make", float(np.mean(correct))),)),
            [predictions("x", "make", correct)],
        )
        for name, correct in (("a", right), ("b", less))
    ]
    (row,) = compare_probes(*sides).rows
    assert row.difference == pytest.approx(0.6)
    assert row.paired == 40
    assert row.low < row.difference < row.high
    low, high = unpaired_interval(row.first, row.second)
    assert row.high - row.low != pytest.approx(high - low)
    lines = compare_probes(*sides).lines()
    assert "+60.0 [" in lines[3]
    assert lines[4].startswith("1 of 1 differ (photo by photo; at 95 %, 0.1")


def test_equal_answers_differ_by_exactly_nothing(tmp_path: Path):
    one = report((encoder("x"),), (result("x", "make", 0.5),))
    said = [predictions("x", "make", [True, False] * 10)]
    comparison = compare_probes(
        written(tmp_path / "a", one, said), written(tmp_path / "b", one, said)
    )
    (row,) = comparison.rows
    assert (row.difference, row.low, row.high, row.differs) == (0, 0, 0, False)
    assert comparison.warnings == ()
    assert comparison.left_out == {}


@pytest.mark.parametrize("why", ["other photos", "other labels", "none written"])
def test_runs_that_answered_other_photos_are_not_paired(tmp_path: Path, why: str):
    one = report((encoder("x"),), (result("x", "make", 0.5),))
    other = predictions("x", "make", [True] * 20, first=2 if why == "other photos" else 1)
    if why == "other labels":
        other.labels[0] += 1
    first = written(tmp_path / "a", one, [predictions("x", "make", [True] * 20)])
    second = written(tmp_path / "b", one, [] if why == "none written" else [other])
    (row,) = compare_probes(first, second).rows
    assert row.paired == 0
    assert (row.low, row.high) == pytest.approx((-(0.02**0.5), 0.02**0.5))
    assert "by their own intervals" in "\n".join(compare_probes(first, second).lines())


def test_results_of_other_classes_are_not_compared_and_said(tmp_path: Path):
    first = report(
        (encoder("x"), encoder("only here")),
        (result("x", "make", 0.5), result("x", "iso", 0.5), result("only here", "iso", 0.5)),
    )
    second = report(
        (encoder("x"),),
        (result("x", "make", 0.5, classes=5), result("x", "iso", 0.5), result("x", "year", 0.5)),
    )
    found = compare_probes(written(tmp_path / "a", first), written(tmp_path / "b", second))
    assert [(row.encoder, row.attribute) for row in found.rows] == [("x", "iso")]
    assert dict(found.left_out) == {
        "make by x": "4 classes in the first, 5 in the second",
        "iso by only here": "only in the first",
        "year by x": "only in the second",
    }
    assert "not compared: make by x: 4 classes in the first, 5 in the second" in found.lines()


def test_what_else_differs_is_told(tmp_path: Path):
    results = (result("x", "make", 0.5),)
    first = report((encoder("x"),), results)
    second = report(
        (encoder("x", hidden=0.5),),
        results,
        solver="sgd",
        mask=None,
        manifest_sha256="f" * 64,
        classes={"make": ("a", "b", "c", "e")},
    )
    told = "\n".join(
        compare_probes(written(tmp_path / "a", first), written(tmp_path / "b", second)).warnings
    )
    for words in (
        "hidden of each photo: 90.0 % and 50.0 %",
        "solver: lbfgs and sgd",
        "make has other classes in the second",
        "only one of them is masked",
    ):
        assert words in told
    assert "not the same release: Told 1.0.0 (00000000) and Told 1.0.0 (ffffffff)" in told


def test_of_two_masks_the_words_that_differ_are_told(tmp_path: Path):
    results = (result("x", "make", 0.5),)
    first = report((encoder("x"),), results)
    second = report((encoder("x"),), results, mask={**(first.mask or {}), "geometry": "border"})
    found = compare_probes(written(tmp_path / "a", first), written(tmp_path / "b", second))
    assert found.warnings == ("mask geometry: center and border",)


def test_words_of_the_plan_that_differ_are_told(tmp_path: Path):
    results = (result("x", "make", 0.5),)
    words = {"penalties": None, "dtype": "float32", "exact": False, "trials": 30}
    others = {"penalties": (0.1, 1.0), "dtype": "bfloat16", "exact": True, "trials": 3}
    first, second = (report((encoder("x"),), results, plan=plan) for plan in (words, others))
    found = compare_probes(written(tmp_path / "a", first), written(tmp_path / "b", second))
    assert found.warnings == (
        "dtype: float32 and bfloat16",
        "exact: False and True",
        "penalties: its own and (0.1, 1.0)",
    )
    both = (
        written(tmp_path / name, report((encoder("x"),), results, plan=plan, solver="sgd"))
        for name, plan in (("c", words), ("d", others))
    )
    assert compare_probes(*both).warnings[2:] == ("trials: 30 and 3",)


def test_damaged_predictions_are_one_line(tmp_path: Path):
    same = report((encoder("x"),), (result("x", "make", 0.5),))
    both = [written(tmp_path / name, same) for name in ("a", "b")]
    file = tmp_path / "b" / "predictions.parquet"
    write_predictions(file, [predictions("x", "make", [True, False] * 8)])
    assert compare_probes(*both).rows[0].paired == 0  # the other has none
    for content in (file.read_bytes()[:200], b""):
        file.write_bytes(content)
        with pytest.raises(UsageError, match="predictions\\.parquet' holds no") as found:
            compare_probes(*both)
        assert "\n" not in str(found.value)


def test_two_encoders_are_compared_where_each_run_has_one(tmp_path: Path):
    sides = [
        written(
            tmp_path / name,
            report((encoder(name),), (result(name, "make", 0.5),)),
            [predictions(name, "make", [True, answer] * 10)],
        )
        for name, answer in (("a", True), ("b", False))
    ]
    (row,) = compare_probes(*sides).rows
    assert (row.encoder, row.counterpart, row.paired) == ("a", "b", 20)
    assert row.cells()[0] == "a / b"


def test_nothing_in_common_is_refused(tmp_path: Path):
    first = written(tmp_path / "a", report((encoder("x"),), (result("x", "make", 0.5),)))
    second = written(tmp_path / "b", report((encoder("x"),), (result("x", "iso", 0.5),)))
    with pytest.raises(UsageError, match=re.escape("(make by x: only in the first; iso by x")):
        compare_probes(first, second)


@given(st.lists(st.booleans(), min_size=8, max_size=40), st.randoms())
def test_a_paired_interval_turns_round_with_the_sides(correct: list[bool], random):
    other = [random.random() < 0.5 for _ in correct]
    first, second = (predictions("x", "make", answers) for answers in (correct, other))
    low, high = paired_interval(first, second, resamples=100)
    back_low, back_high = paired_interval(second, first, resamples=100)
    assert (low, high) == pytest.approx((-back_high, -back_low))
    assert low <= high


def test_a_pair_is_told_apart_where_its_intervals_are_not():
    """Owners who differ much, and a second side that is a little worse on each of them."""
    random = np.random.default_rng(0)
    easy = np.repeat(random.random(200) < 0.5, 4)
    worse = easy & (np.arange(800) % 8 != 0)
    low, high = paired_interval(
        predictions("x", "make", easy.tolist()), predictions("x", "make", worse.tolist())
    )
    assert 0 < low < easy.mean() - worse.mean() < high
    spread = 1.96 * 0.5 / 200**0.5
    sides = [Measured(p, p - spread, p + spread, 0.25) for p in (easy.mean(), worse.mean())]
    assert unpaired_interval(*sides)[0] < 0


def test_owners_are_drawn_not_photos():
    """100 owners of 4 photos, half of whom gain on all: the error is 0.5 / 10, not 0.5 / 20."""
    gains = np.repeat(np.arange(100) % 2 == 0, 4)
    low, high = paired_interval(
        predictions("x", "make", gains.tolist()), predictions("x", "make", [False] * 400)
    )
    assert high - low == pytest.approx(2 * 1.96 * 0.05, rel=0.15)


def test_an_unpaired_interval_is_newcombe_s():
    """56 of 70 and 48 of 80 (Newcombe 1998, table II, example a): 0.0524 to 0.3339."""
    first = Measured(56 / 70, 0.6919, 0.8769, 0)
    second = Measured(48 / 80, 0.4904, 0.7004, 0)
    assert unpaired_interval(first, second) == pytest.approx((0.0524, 0.3339), abs=2e-3)
    with pytest.raises(ValueError, match="must have an interval"):
        unpaired_interval(first, Measured(0.5, None, None, 0))


# The published figures


def test_the_published_figures_are_those_of_the_plots(oracle: Path):
    names = {"Model (all)": "Model", "Model (smart)": "Smartphone Model"}
    names["Model (smart vs non-smart)"] = "Is Smartphone"
    with (oracle / "paper" / "acquisition_probe_90pct.csv").open(encoding="utf-8") as file:
        plotted = {
            ("FlickrExif", names.get(row["attribute"], row["attribute"]), row["encoder"]): row
            for row in csv.DictReader(file)
        }
    with (oracle / "paper" / "processing_probe.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            dataset = row["dataset"].replace("iNaturalist2018", "iNaturalist 2018")
            plotted[dataset, row["parameter"].lower(), row["encoder"]] = row
    ours = {(one.dataset, one.attribute, one.encoder): one for one in published_accuracies()}
    assert ours.keys() == plotted.keys()
    for key, row in plotted.items():
        accuracy = float(row["test_accuracy_percent"])
        assert ours[key].accuracy == pytest.approx(accuracy / 100, abs=1e-6)
        assert ours[key].family == FAMILIES[row["family"]]


def test_the_published_figures_are_whole():
    counts = Counter((one.dataset, one.attribute) for one in published_accuracies())
    assert len(counts) == 16
    assert set(counts.values()) == {47}
    assert {one.dataset for one in published_accuracies() if one.hidden is None} == {
        "ImageNet",
        "iNaturalist 2018",
    }


def test_each_accuracy_is_a_whole_number_of_the_published_test_photos():
    """4,500 photos make steps of 0.0222 points: an order of attributes mixed up would show."""
    for one in published_accuracies():
        if one.test is not None:
            right = one.accuracy * one.test
            assert right == pytest.approx(round(right), abs=one.test * 1e-6)


def test_every_published_encoder_is_one_of_the_catalogue_and_its_family():
    families = {one.encoder: one.family for one in published_accuracies()}
    entries = catalogue().values()
    assert {entry.published: entry.family for entry in entries} == families
    assert {published_label(entry.name) for entry in entries} == set(published_encoders())
    assert published_label("residual") is None
    assert published_label(CLIP) == CLIP


def test_processing_figures_are_found_by_their_classes():
    classes = ("q75-420", "q75-444", "q85-420", "q85-444", "q95-420", "q95-444")
    found = published_for(CLIP, "label", classes)
    assert [(one.dataset, one.attribute) for one in found] == [
        ("ImageNet", "jpeg"),
        ("iNaturalist 2018", "jpeg"),
    ]
    assert published_for(CLIP, "label", classes[:5]) == ()
    assert published_for(CLIP, "flash", ()) == ()


def test_a_published_accuracy_lies_inside_or_outside_our_interval(tmp_path: Path):
    name = "clip:ViT-B-16"
    published = {one.attribute: one for one in published_accuracies() if one.encoder == CLIP}
    make = published["Make"].accuracy
    results = (
        published_result(name, "make", make + 0.09),
        published_result(name, "iso", 0.5),
        published_result(name, "flash", 0.5),
        result(name, "aperture", 0.5),
        published_result("residual", "make", 0.5),
    )
    ours = written(tmp_path / "a", report((encoder(name), encoder("residual")), results))
    found = compare_probes(ours, "paper")
    near, far = found.rows
    assert (near.inside, near.differs, near.counterpart) == (True, False, CLIP)
    assert (far.inside, far.differs) == (False, True)
    assert near.difference == pytest.approx(0.09)
    assert near.second.chance == pytest.approx(1 / 9)
    assert dict(found.left_out) == {
        f"flash by {name}": "not published",
        f"aperture by {name}": "4 classes, published 17",
        "make by residual": "no encoder of the study",
    }
    told = "\n".join(found.lines())
    assert "1 of 2 differ from the published by more than our interval" in told
    assert "mind: solver lbfgs is not the study's (sgd)" in told
    assert "make: 400 train and 80 test photos, published 35,091 and 4,500" in told


def test_other_encoders_than_the_study_s_stand_beside_its_figures(tmp_path: Path):
    results = (
        published_result("residual", "make", 0.31),
        published_result("pixels", "make", 0.14),
        result("residual", "iso", 0.5),
        published_result("residual", "flash", 0.6),
    )
    one = report((encoder("residual", hidden=0.5), encoder("pixels", hidden=0.5)), results)
    found = compare_probes(written(tmp_path / "a", one), "paper")
    assert found.rows == ()
    assert [told.attribute for told in found.beside] == ["make", "iso"]
    make = found.beside[0]
    of = {told.encoder: told for told in published_accuracies() if told.attribute == "Make"}
    assert make.best == of[make.best_encoder].accuracy == max(t.accuracy for t in of.values())
    below = {
        family: sum(t.accuracy < make.medians[family] for t in of.values() if t.family == family)
        for family in make.medians
    }
    assert below == {"contrastive": 12, "supervised": 5, "self-supervised": 6}
    assert make.chance == pytest.approx(1 / 9)
    assert make.ours["residual"].accuracy == 0.31
    lines = found.lines()
    assert lines[0].startswith("nothing is compared: none of the encoders in ")
    assert "OTHER encoders" in lines[1]
    assert len(lines) < 20
    told = lines[4].split()
    assert told[:2] == ["make", "residual"]
    assert told[2:8] == [
        "31.0",
        "[21.0,",
        "41.0]",
        "11.1",
        "11.1",
        f"{100 * make.medians['contrastive']:.1f}",
    ]
    assert lines[5].split() == ["pixels", "14.0", "[4.0,", "24.0]", "11.1"]
    assert "mind: hidden of each photo: 50.0 %, published 90.0 %" in lines
    assert "flash by residual" in found.left_out
    (row, _) = found.as_dict()["beside"]
    assert row["ours"]["pixels"]["accuracy"] == 0.14


def test_attributes_that_the_study_has_not_are_refused(tmp_path: Path):
    one = report((encoder("residual"),), (published_result("residual", "flash", 0.6),))
    with pytest.raises(UsageError, match="flash by residual: no encoder of the study"):
        compare_probes(written(tmp_path / "a", one), "paper")


def test_a_run_set_up_as_the_study_was_is_told_no_difference_of_set_up(tmp_path: Path):
    classes = {"make": attribute("make").paper_classes}
    results = (published_result(CLIP, "make", 0.25),)
    one = report((encoder(CLIP),), results, solver="sgd", classes=classes)
    alike = compare_probes(written(tmp_path / "a", one), "paper").warnings
    assert alike == ("make: 400 train and 80 test photos, published 35,091 and 4,500",)
    unlike = report(
        (encoder(CLIP, hidden=0.5),),
        results,
        mask={"geometry": "border", "fill": "mean"},
        synthetic=True,
        classes={"make": tuple("abcdefghi")},
    )
    told = "\n".join(compare_probes(written(tmp_path / "b", unlike), "paper").warnings)
    for words in (
        "rendered",
        "hidden of each photo: 50.0 %, published 90.0 %",
        "geometry is border, published center",
        "fill is mean, published black",
        "as many classes, but others",
    ):
        assert words in told


def test_processing_is_held_against_both_data_sets(tmp_path: Path):
    classes = {"label": ("none", "2", "4")}
    one = report((encoder(CLIP),), (result(CLIP, "label", 0.7, classes=3),), classes=classes)
    found = compare_probes(written(tmp_path / "a", one), "paper")
    assert [row.attribute for row in found.rows] == ["label (ImageNet)", "label (iNaturalist 2018)"]
    assert "label: other images than iNaturalist 2018's" in found.warnings


# The command


@pytest.fixture
def sides(here: Path) -> Path:
    one = report((encoder(CLIP),), (published_result(CLIP, "make", 0.25),))
    said = [predictions(CLIP, "make", [True, False] * 8)]
    shutil.copytree(written(here / "a", one, said), here / "paper")
    return here


def test_the_command_prints_a_table_or_json(run: CommandLine, sides: Path):
    code, out, err = run("probe", "compare", "a", "paper")
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "second: the published figures (ICCV 2025)"
    code, out, err = run("probe", "compare", "a/results.json", "./paper", "--json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)["rows"]
    assert (row["paired"], row["difference"], row["verdict"]) == (16, 0, "no difference told")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("probe compare a nowhere", "'nowhere' is no probe's results"),
        ("probe compare a", "Missing argument 'B|paper'. See flickrexif probe compare --help."),
        ("probe compare paper paper x", "unexpected extra argument (x)"),
        ("probe ./compare", "'compare' is no release"),
        ("probe a compare", "unexpected extra argument (compare)"),
        ("probe", "Missing argument 'RELEASE'. See flickrexif probe --help."),
    ],
)
def test_bad_words_are_refused_in_one_line(run: CommandLine, sides: Path, words: str, told: str):
    assert told in run.refused(*words.split())


def test_settings_reach_a_command_and_what_is_below_it(
    run: CommandLine, sides: Path, monkeypatch: pytest.MonkeyPatch
):
    (sides / "flickrexif.toml").write_text("[probe]\nseed = 7\n[probe.compare]\n")
    monkeypatch.setenv("FLICKREXIF_PROBE_THREADS", "1")
    code, out, _ = run("config", "show", "--json")
    told = {(row["command"], row["option"]): row for row in json.loads(out)}
    assert code == 0
    assert told["probe", "seed"]["value"] == 7
    assert told["probe", "threads"]["origin"] == "environment"
    (sides / "flickrexif.toml").write_text("[probe.compare]\nseed = 7\n")
    code, _, err = run("probe", "compare", "a", "paper")
    assert code == 2
    assert "[probe.compare] has no 'seed'" in err
