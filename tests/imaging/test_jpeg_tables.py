"""Which quality a file's quantisation tables are nearest to."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flickrexif.imaging.jpeg_tables import CHROMA, EXTENDED, LUMA, scaled_table, table_facts

COLOUR = [(1, 2, 2, 0), (2, 1, 1, 1), (3, 1, 1, 1)]
GRAY = COLOUR[:1]
STEEP = tuple(min(3 + row * row + column * column, 120) for row in range(8) for column in range(8))


def tables_of(quality: int, most: int = 255) -> dict[int, tuple[int, ...]]:
    return {
        number: scaled_table(table, quality, most) for number, table in enumerate((LUMA, CHROMA))
    }


@pytest.mark.parametrize("quality", range(1, 101))
def test_every_quality_of_libjpeg_is_told_exactly(quality):
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as image:
        facts = table_facts(image.quantization, image.layer)
    assert (facts.quality, facts.residual, facts.is_exact) == (quality, 0, True)


@pytest.mark.parametrize("quality", [2, 10, 20])
def test_steps_above_255_are_libjpegs_too(quality):
    tables = tables_of(quality, EXTENDED)
    assert max(tables[0]) > 255
    facts = table_facts(tables, COLOUR)
    assert (facts.quality, facts.is_exact) == (quality, True)


@given(quality=st.integers(35, 95), factor=st.floats(0.9, 1.1))
def test_tables_a_little_off_are_near_and_not_exact(quality, factor):
    tables = {
        number: tuple(max(round(step * factor), 1) + (place == 63) for place, step in enumerate(of))
        for number, of in tables_of(quality).items()
    }
    facts = table_facts(tables, COLOUR)
    apart = [
        np.mean([np.abs(np.subtract(tables[n], tables_of(q)[n])) for n in (0, 1)])
        for q in range(1, 101)
    ]
    assert facts.residual == min(apart)
    assert apart[facts.quality - 1] == facts.residual
    assert facts.is_exact == (facts.residual == 0)
    assert abs(facts.quality - quality) <= 6


@pytest.mark.parametrize("factor", [0.25, 0.5, 1, 2])
def test_another_encoders_tables_have_a_nearest_quality_that_falls_with_their_steps(factor):
    tables = [tuple(max(round(factor * times * step), 1) for step in STEEP) for times in (1, 1.5)]
    finer, coarser = (table_facts({0: table}, GRAY) for table in tables)
    assert finer.quality > coarser.quality
    assert min(finer.residual, coarser.residual) > 0
    apart = np.abs(np.subtract(scaled_table(LUMA, finer.quality), tables[0])).mean()
    assert finer.residual == pytest.approx(apart)


def test_one_table_for_all_components_and_a_third_table():
    luma, chroma = tables_of(84).values()
    shared = table_facts({0: luma}, [(part, 1, 1, 0) for part in (1, 2, 3)])
    assert (shared.quality, shared.is_exact) == (84, True)
    third = table_facts({0: luma, 1: chroma, 2: chroma}, [(1, 2, 2, 0), (2, 1, 1, 1), (3, 1, 1, 2)])
    assert (third.quality, third.is_exact) == (84, True)
    assert third.fingerprint == table_facts({0: luma, 1: chroma}, COLOUR).fingerprint


def test_a_table_of_no_component_counts_for_nothing():
    tables = tables_of(90)
    assert table_facts(tables, GRAY) == table_facts({0: tables[0]}, GRAY)
    assert table_facts(tables, GRAY).fingerprint != table_facts(tables, COLOUR).fingerprint


def test_the_fingerprint_is_that_of_the_steps():
    assert table_facts(tables_of(75), COLOUR).fingerprint == "12b8f7f3adac6ce4"
    known = {table_facts(tables_of(quality), COLOUR).fingerprint for quality in range(1, 101)}
    assert len(known) == 100
    changed = tables_of(75)
    changed[1] = (*changed[1][:-1], changed[1][-1] + 1)
    assert table_facts(changed, COLOUR).fingerprint not in known


@pytest.mark.parametrize(
    ("tables", "layers"),
    [({}, COLOUR), ({0: LUMA}, COLOUR), ({0: LUMA[:9]}, GRAY), ({0: LUMA}, [])],
)
def test_missing_tables_are_nothing(tables, layers):
    assert table_facts(tables, layers) is None
