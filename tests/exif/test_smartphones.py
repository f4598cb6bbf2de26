"""What is a smartphone: the two scorecards, and that the tables are sound.

``known_devices.csv`` lists phones and other devices as they write themselves into EXIF, with what
they are as far as make and model tell (``unknown``: feature phones, software, generic names).
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from flickrexif.exif.camera_tables import read_table
from flickrexif.exif.cameras import identify
from flickrexif.exif.smartphones import (
    ANY_MAKER,
    BY_CAUTION,
    LONGEST_MODEL,
    all_model_rules,
    is_smartphone,
    maker_verdicts,
)
from flickrexif.exif.spelling import without_brand

KNOWN_DEVICES = Path(__file__).with_name("known_devices.csv")
NO_PHONES = ("camera", "scanner", "actioncam", "drone", "console", "headset", "thermal/instrument")


def scorecard(rows):
    """Precision and recall of ``true``, and of ``false`` against true; printed."""
    tally = Counter(
        (expected, identify(make or None, model or None).is_smartphone)
        for make, model, expected in rows
    )
    found = tally[True, True]
    precision = found / (found + tally[False, True] + tally[None, True])
    recall = found / sum(tally[True, verdict] for verdict in BY_CAUTION)
    told = tally[False, False] / sum(tally[False, verdict] for verdict in BY_CAUTION)
    print(f"\nsmartphones: precision {precision:.4f}, recall {recall:.4f}; others told {told:.4f}")
    for expected in (True, False, None):
        counts = ", ".join(f"{tally[expected, verdict]} {verdict}" for verdict in BY_CAUTION[::-1])
        print(f"  is {expected}: said {counts}")
    return precision, recall, told, tally


def test_known_devices():
    words = {"true": True, "false": False, "unknown": None}
    with KNOWN_DEVICES.open(encoding="utf-8", newline="") as file:
        rows = [(r["make"], r["model"], words[r["expected"]]) for r in csv.DictReader(file)]
    assert len(rows) == len({row[:2] for row in rows}) > 4000
    precision, recall, told, tally = scorecard(rows)
    assert precision >= 0.99
    assert recall >= 0.97
    assert told >= 0.95
    assert tally[True, False] == 0


def test_device_truth(oracle):
    with (oracle / "exif" / "device_truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    rows = [
        (r["make"], r["model"], {"unknown": None}.get(r["device"], r["device"] == "smartphone"))
        for r in truth
    ]
    precision, recall, told, tally = scorecard(rows)
    assert precision >= 0.99
    assert recall >= 0.95
    assert told >= 0.9
    assert tally[True, False] == 0
    for row in truth:
        if row["device"] in NO_PHONES:
            assert identify(row["make"], row["model"]).is_smartphone is not True, row


@pytest.mark.parametrize(
    ("make", "model", "verdict"),
    [
        ("Apple", "iPhone 13 mini", True),
        ("Apple", "iPad Pro", False),
        ("Apple", "Something new", None),
        ("samsung", "SM-A515F", True),
        ("samsung", "SM-T510", False),
        ("SAMSUNG", "NX300", False),
        ("SAMSUNG", "SGH-D500", None),
        ("samsung", "SM-C200", False),
        ("samsung", "SM-C5000", True),
        ("asus", "Nexus 7", False),
        ("LGE", "Nexus 5", True),
        ("Panasonic", "DMC-CM1", None),
        ("Panasonic", "DMC-LX3", False),
        ("HUAWEI", "BAH2-L09", False),
        ("HUAWEI", "VOG-L29", True),
        ("Nokia", "6230", None),
        ("Nokia", "6630", True),
        ("Sony Ericsson", "K750i", None),
        ("LEICA CAMERA AG", "LEITZ PHONE 1", True),
        ("Coolpad", "Coolpad8297", True),
        ("OnePlus", None, True),
        ("NIKON CORPORATION", None, False),
        ("SONY", None, None),
        ("Unheard", "iPhone 6", None),
        (None, "iPhone 6", None),
    ],
)
def test_verdicts(make, model, verdict):
    assert identify(make, model).is_smartphone is verdict


def test_every_row_decides_its_example_and_has_a_source():
    assert all(row["source"] for row in read_table("models.csv"))
    makers = set(maker_verdicts())
    for rule in all_model_rules():
        assert rule.maker in makers | {ANY_MAKER}, rule
        maker = "Lenovo" if rule.maker == ANY_MAKER else rule.maker
        model = without_brand(rule.example, maker)
        assert rule.pattern.fullmatch(model), rule
        assert is_smartphone(maker, model) is rule.verdict, rule
        if rule.maker != ANY_MAKER:
            assert rule.verdict is not maker_verdicts()[maker] or rule.verdict is None, rule


@pytest.mark.parametrize("maker", sorted(maker_verdicts()))
def test_rows_that_disagree_never_make_a_smartphone(maker):
    """Whatever the rows' order: a word against wins over any word for."""
    rules = [rule for rule in all_model_rules() if rule.maker in (maker, ANY_MAKER)]
    for example in {without_brand(rule.example, maker) for rule in all_model_rules()}:
        told = {rule.verdict for rule in rules if rule.pattern.fullmatch(example)}
        assert is_smartphone(maker, example) is not True or told <= {True}


HOSTILE = ["A", "0", "A0", " ", "-", "A ", "0-", "tab ", "pad", "<", "ONE TOUCH ", "Sony Ericsson "]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("end", ["", "\0", "!"])
def test_hostile_models_end(piece, end):
    """A pattern that backtracks without bound would not come back from these."""
    model = (piece * LONGEST_MODEL)[: LONGEST_MODEL - len(end)] + end
    for rule in all_model_rules():
        rule.pattern.fullmatch(model)
        rule.pattern.fullmatch((rule.example + model)[:LONGEST_MODEL])
    for make in ("samsung", "LG Electronics", "TCL", piece * 65536):
        long = identify(make, piece * 65536 + end)
        assert long.is_smartphone is None
