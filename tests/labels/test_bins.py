"""Standard stops and 35 mm equivalents, against exact arithmetic."""

from __future__ import annotations

import math
from dataclasses import asdict
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize
from flickrexif.exif.record import RawRecord
from flickrexif.labels.attributes import attribute, attributes_under, class_number
from flickrexif.labels.bins import COMMON_LENSES, SCHEMES

STOPS = [
    (name, scheme) for name in ("exposure", "aperture", "iso") for scheme in SCHEMES[name].values()
]
each_stop = pytest.mark.parametrize(
    ("name", "scheme"), STOPS, ids=[f"{name}-{scheme.name}" for name, scheme in STOPS]
)
PRINTED = {
    "exposure": st.one_of(
        st.integers(4, 40_000).map(lambda n: f"1/{n}"),
        st.integers(3, 900).map(lambda tenths: f"{tenths / 10:.1f}".removesuffix(".0")),
    ),
    "aperture": st.integers(5, 900).map(lambda tenths: f"{tenths / 10:.1f}"),
    "iso": st.integers(1, 600_000).map(str),
}
POWER_OF_TWO = {
    "exposure": lambda value: 1 / value,
    "aperture": lambda value: value**2,
    "iso": lambda value: value / Fraction(25, 8),
}
"""Two to the APEX value, exactly."""


def classes_of(scheme, values):
    dtype = pl.Int32 if scheme.source_column == "focal_length_35mm" else pl.String
    frame = pl.DataFrame({scheme.source_column: values}, schema={scheme.source_column: dtype})
    return frame.select(x=scheme.expression)["x"].to_list()


def step_of(name, scheme, value):
    """The step nearest to ``value``: k with 2^(2k-1) < 2^(2 apex per_stop) < 2^(2k+1), exactly."""
    per_stop = 3 if scheme.name == "third-stop" else 1
    power = POWER_OF_TWO[name](class_number(value)) ** (2 * per_stop)
    k = round(math.log2(power) / 2)
    while power < Fraction(2) ** (2 * k - 1):
        k -= 1
    while power >= Fraction(2) ** (2 * k + 1):
        k += 1
    return k


@each_stop
def test_a_standard_value_is_its_own_class_and_the_steps_are_even(name, scheme):
    assert classes_of(scheme, scheme.classes) == list(scheme.classes)
    steps = [step_of(name, scheme, value) for value in scheme.classes]
    assert steps == list(range(steps[0], steps[0] + len(steps)))


def columns_of(values):
    """Few rows or many, 21 in the mean: a query costs the same for either."""
    return st.lists(values, min_size=1, max_size=3) | st.lists(values, min_size=30, max_size=50)


@each_stop
def test_a_value_belongs_to_the_nearest_step_and_none_beyond_the_ends(name, scheme):
    first = step_of(name, scheme, scheme.classes[0])
    names = dict(enumerate(scheme.classes, first))

    @settings(max_examples=30)
    @given(columns_of(PRINTED[name]))
    def nearest(values):
        expected = [names.get(step_of(name, scheme, value)) for value in values]
        assert classes_of(scheme, values) == expected

    nearest()


@each_stop
def test_bins_keep_the_order_and_bin_anew_to_the_same(name, scheme):
    @settings(max_examples=30)
    @given(columns_of(PRINTED[name]))
    def ordered(values):
        pairs = zip(values, classes_of(scheme, values), strict=True)
        known = sorted((class_number(value), found) for value, found in pairs if found)
        numbers = [class_number(found) for _, found in known]
        assert numbers == sorted(numbers)
        assert classes_of(scheme, [found for _, found in known]) == [found for _, found in known]

    ordered()


@each_stop
def test_a_bin_ends_at_the_geometric_mean_of_the_exact_values(name, scheme):
    """On either side of the mean, a part in ten thousand apart, stand the two neighbours."""
    per_stop = 3 if scheme.name == "third-stop" else 1
    first = step_of(name, scheme, scheme.classes[0])
    to_value = {
        "exposure": lambda apex: 2**-apex,
        "aperture": lambda apex: 2 ** (apex / 2),
        "iso": lambda apex: 3.125 * 2**apex,
    }[name]
    for step, (near, far) in enumerate(
        zip(scheme.classes, scheme.classes[1:], strict=False), first
    ):
        mean = math.sqrt(to_value(step / per_stop) * to_value((step + 1) / per_stop))
        toward_near = -1 if to_value(1) > to_value(0) else 1
        around = [f"{mean * (1 + side * 1e-4):.12f}" for side in (toward_near, -toward_near)]
        assert classes_of(scheme, around) == [near, far]


@pytest.mark.parametrize("name", ["exposure", "aperture", "iso"])
def test_three_third_stop_bins_make_a_full_stop_bin(name):
    third, full = SCHEMES[name]["third-stop"], SCHEMES[name]["full-stop"]
    of_thirds = classes_of(full, third.classes)
    inner = [of_thirds.count(stop) for stop in full.classes[1:-1]]
    assert set(inner) == {3}

    @settings(max_examples=30)
    @given(columns_of(PRINTED[name]))
    def refined(values):
        thirds = classes_of(third, values)
        fulls = classes_of(full, values)
        again = classes_of(full, [found or "" for found in thirds])
        assert all(b == a for a, b, found in zip(again, fulls, thirds, strict=True) if found)

    refined()


@each_stop
def test_what_is_no_number_is_in_no_class(name, scheme):
    assert classes_of(scheme, [None, "", "0", "1/0", "-4", "bulb", "1/-4", "inf"]) == [None] * 8


def test_known_values():
    thirds = {name: SCHEMES[name]["third-stop"] for name in ("exposure", "aperture", "iso")}
    assert classes_of(thirds["exposure"], ["1/59", "1/90", "0.3", "1/2500", "30", "61", "300"]) == [
        *("1/60", "1/80", "0.3", "1/2500", "30", "60"),
        None,
    ]
    assert classes_of(thirds["aperture"], ["1.7", "2.4", "1.9", "3.3", "9.5", "0.5"]) == [
        *("1.8", "2.5", "2.0", "3.2", "9.0"),
        None,
    ]
    assert classes_of(thirds["iso"], ["20", "110", "113", "64", "12800", "2000000"]) == [
        *("20", "100", "125", "64", "12800"),
        None,
    ]


RATIOS = st.tuples(st.integers(1, 10**6), st.integers(1, 10**6))
PHOTOS = st.tuples(RATIOS, RATIOS, st.integers(1, 10**6))


def printed(records):
    return normalize(pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA))


@settings(max_examples=10)  # of 75 photos in the mean: a query costs the same for one
@given(st.lists(PHOTOS, min_size=50, max_size=100) | st.lists(PHOTOS, min_size=1, max_size=1))
def test_a_photo_has_the_same_class_from_its_file_and_from_flickr(photos):
    from_file = printed(
        RawRecord("file", exposure_num=exposure[0], exposure_den=exposure[1],
                  aperture_num=aperture[0], aperture_den=aperture[1], iso=iso)
        for exposure, aperture, iso in photos
    )  # fmt: skip
    from_flickr = printed(
        RawRecord("api", exposure_text=exposure, aperture_text=aperture, iso_text=iso)
        for exposure, aperture, iso in from_file.select("exposure", "aperture", "iso_speed").rows()
    )
    for _, scheme in STOPS:
        classes = [frame.select(x=scheme.expression)["x"] for frame in (from_file, from_flickr)]
        assert classes[0].to_list() == classes[1].to_list()


def test_equivalents_are_whole_millimetres():
    scheme = SCHEMES["focal_length"]["35mm"]
    assert classes_of(scheme, [24, 75, None]) == ["24 mm", "75 mm", None]


def nearest_lens(focal):
    """By exact squares: nearer, as a ratio, than any other; the longer of two as near."""
    ratios = [(max(Fraction(focal, lens), Fraction(lens, focal)), -lens) for lens in COMMON_LENSES]
    return -min(ratios)[1]


@given(st.integers(12, 700))
def test_common_lenses_are_the_nearest_by_ratio(focal):
    scheme = SCHEMES["focal_length"]["35mm-common"]
    assert classes_of(scheme, [focal]) == [f"{nearest_lens(focal)} mm"]


def test_common_lenses_have_ends():
    scheme = SCHEMES["focal_length"]["35mm-common"]
    lower, upper = 14 * math.sqrt(14 / 20), 600 * math.sqrt(600 / 400)
    inside = [math.ceil(lower), math.floor(upper)]
    outside = [math.floor(lower), math.ceil(upper), None]
    assert classes_of(scheme, inside) == ["14 mm", "600 mm"]
    assert classes_of(scheme, outside) == [None] * 3
    assert classes_of(scheme, COMMON_LENSES) == list(scheme.classes)


def test_attributes_take_the_classes_of_a_scheme():
    bins = {"exposure": "third-stop", "iso": "printed"}
    told = {one.name: one for one in attributes_under("auto", bins)}
    assert list(told) == [one.name for one in attributes_under("auto", {})]
    assert told["exposure"].bins == "third-stop"
    assert "third-stop" in told["exposure"].description
    assert told["iso"].expression is attribute("iso").expression
    ordered = told["exposure"].ordered({"1/60", "0.3", "30", "1/8000"})
    assert ordered == ("1/8000", "1/60", "0.3", "30")


@pytest.mark.parametrize(
    ("preset", "bins", "words"),
    [
        ("auto", {"make": "full-stop"}, "'make' has no bins: use one of exposure, aperture, iso"),
        ("auto", {"iso": "half-stop"}, "'half-stop': use one of printed, third-stop, full-stop"),
        ("paper", {"iso": "full-stop"}, "iso=full-stop: preset 'paper'"),
    ],
)
def test_other_words_are_refused(preset, bins, words):
    with pytest.raises(UsageError, match=words):
        attributes_under(preset, bins)


def test_the_paper_preset_takes_printed_bins():
    assert {one.bins for one in attributes_under("paper", {"iso": "printed"})} == {"printed"}
