"""The sides of camera models as the pairs tell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paircams.classes import classes_of, model_key
from paircams.colouring import colour_models

PHONES = ("iPhone 12", "Pixel 6", "SM-G991B", "nameless phone")
CAMERAS = ("Canon PowerShot A570 IS", "DSC-W55", "XT1032", "nameless camera")
SIDES = dict.fromkeys(map(model_key, PHONES), "smartphone") | dict.fromkeys(
    map(model_key, CAMERAS), "camera"
)


def told(*pairs: tuple[str, ...], known=None) -> dict[str, str]:
    """The sides that are told by subjects with these models."""
    photos = [(str(n), model_key(model)) for n, models in enumerate(pairs) for model in models]
    return colour_models(photos, known or {})


def chained() -> list[tuple[str, str]]:
    """Pairs that connect all models: each with the next of the other side."""
    one_way = list(zip(PHONES, CAMERAS, strict=True))
    return [*one_way, *zip(PHONES[1:], CAMERAS[:-1], strict=True)]


@given(
    st.permutations(chained()),
    st.lists(st.booleans(), min_size=7, max_size=7),
    st.integers(1, 3),
)
def test_all_models_of_a_set_are_told_in_any_order(pairs, turned, times):
    shown = [pair[::-1] if turn else pair for pair, turn in zip(pairs, turned, strict=True)]
    assert told(*shown * times) == SIDES


def test_a_smartphone_on_the_older_side_is_outvoted():
    """XT1032 is a smartphone, and one name alone would turn the sides round."""
    pairs = [("iPhone 12", "Moto G"), ("iPhone 12", "DSC-W55")]
    assert told(*pairs, ("Pixel 6", "Moto G")) == {
        "iphone 12": "smartphone",
        "pixel 6": "smartphone",
        "dsc-w55": "camera",
        "moto g": "camera",
    }


def test_what_is_declared_goes_before_names():
    known = {"a": "smartphone"}
    assert told(("a", "Pixel 6"), ("b", "Pixel 6"), known=known) == {
        "b": "smartphone",
        "pixel 6": "camera",
    }


def test_the_known_model_of_the_published_set_tells_its_partners():
    assert told(("a", "XT1032"), ("a", "b"), known=classes_of()) == {
        "a": "smartphone",
        "b": "camera",
    }


def test_a_wrong_pair_is_outnumbered():
    """Two phones in one subject: the checks find it, and no model changes sides."""
    right = [("iPhone 12", "DSC-W55"), ("Pixel 6", "DSC-W55")] * 2
    assert told(("iPhone 12", "Pixel 6"), *right) == {
        "iphone 12": "smartphone",
        "pixel 6": "smartphone",
        "dsc-w55": "camera",
    }


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "b")],
        [("iPhone 12", "Pixel 6")],
        [("iPhone 12", "iPhone 12")],
        [("iPhone 12",), ("DSC-W55",)],
        [("iPhone 12", "DSC-W55", "DSC-W55")],
        [],
    ],
    ids=["unknown names", "two phones", "one model", "alone", "three photos", "nothing"],
)
def test_what_is_not_told_stays_unknown(pairs):
    assert told(*pairs) == {}


def test_groups_that_no_pair_connects_are_told_apart():
    assert told(("iPhone 12", "DSC-W55"), ("a", "b")) == {
        "iphone 12": "smartphone",
        "dsc-w55": "camera",
    }
