from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.association import contingency, cramers_v
from flickrexif.labels.attributes import ATTRIBUTES
from flickrexif.release import BuildPlan, build, read_manifest, verify
from flickrexif.release.figures import (
    draw_associations,
    draw_classes,
    draw_licenses,
    draw_months,
    spoken,
    write_figures,
)
from flickrexif.release.numbers import (
    CAMERA_NAMES,
    CONFOUNDS,
    FEW,
    ClassCounts,
    Credit,
    Numbers,
    Pair,
    count,
)
from flickrexif.release.svg import WIDTH, Drawing, ink_on, shade, text_width, ticks

FIGURES = {f"figures/{name}.svg" for name in ("associations", "classes", "licences", "months")}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def release(releases, tmp_path):
    return shutil.copytree(releases["metadata"], tmp_path / "release")


def found(release):
    return {(finding.rule, finding.file) for finding in verify(release)}


def texts(svg):
    return [one.text for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_the_figures_are_in_manifest_and_card(releases):
    for path in releases.values():
        files = read_manifest(path)["files"]
        assert set(files) >= FIGURES
        card = (path / "README.md").read_text()
        shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)\n\n\*[^\n]", card)
        assert {file for _, file in shown} == FIGURES
        assert all(len(alt) > 40 for alt, _ in shown)


def test_the_rows_alone_decide_the_bytes(releases, tmp_path):
    drawn = {}
    for kind, path in releases.items():
        manifest = read_manifest(path)
        (tmp_path / kind).mkdir()
        names = write_figures(tmp_path / kind, manifest, count(path, manifest))
        drawn[kind] = {name: (tmp_path / kind / name).read_bytes() for name in names}
        assert drawn[kind] == {name: (path / name).read_bytes() for name in FIGURES}
    assert drawn["masked"] == drawn["images"] == drawn["metadata"]


def test_a_changed_a_lost_and_a_foreign_figure_are_found(release):
    classes = release / "figures" / "classes.svg"
    classes.write_text(classes.read_text().replace("24", "25"))
    (release / "figures" / "months.svg").unlink()
    (release / "figures" / "other.svg").touch()
    assert found(release) == {
        ("file-digest", "figures/classes.svg"),
        ("file-missing", "figures/months.svg"),
        ("foreign-file", "figures/other.svg"),
    }


def test_numbers_are_those_of_the_rows(releases, rows_of):
    path = releases["metadata"]
    manifest = read_manifest(path)
    numbers = count(path, manifest)
    photos = rows_of(path, "photos")
    assert numbers.months == {"2020-01": 60, "2020-02": 60}
    assert numbers.undated == 0
    assert numbers.per_owner == (8,) * 15
    assert numbers.share_of_busiest == 16 / 120
    for name, counts in numbers.classes.items():
        rows = rows_of(path, name)
        assert [one.name for one in counts] == manifest["attributes"][name]["classes"]
        for code, one in enumerate(counts):
            assert one.all_photos == rows.filter(label=code).height
            assert one.all_owners == rows.filter(label=code)["owner_id"].n_unique()
    told = {(pair.attribute, pair.other): pair for pair in numbers.pairs}
    assert set(told) == set(combinations(("make", "iso", "flash"), 2))
    both = rows_of(path, "iso").join(rows_of(path, "flash"), on="photo_id")
    codes = [both[name].to_numpy().astype(np.int64) for name in ("label", "label_right")]
    pair = told["iso", "flash"]
    assert (pair.photos, pair.cramers_v) == (120, round(cramers_v(contingency(*codes)), 6))
    assert pair.cramers_v > 0.9  # iso is the photo's number modulo 4, flash modulo 2
    assert numbers.strong_pairs[0] == numbers.pairs[0] == pair
    assert {one.other for one in numbers.confounds} == {"month"}  # the rest has one level
    credited = photos.sort("photo_id").row(0, named=True)
    assert numbers.credit.page_url == credited["page_url"]
    assert numbers.credit.owner == credited["owner_name"]


def test_an_owner_in_two_splits_counts_once_in_all(releases, tmp_path):
    shared = shutil.copytree(releases["metadata"], tmp_path / "shared")
    for file in (shared / "make").iterdir():
        table = pq.read_table(file, memory_map=False)
        owners = pl.DataFrame(pl.from_arrow(table)).with_columns(owner_id=pl.lit("1@N00"))
        pq.write_table(owners.to_arrow().cast(table.schema), file)
    for one in count(shared, read_manifest(shared)).classes["make"]:
        assert (one.owners, one.all_owners) == ({"train": 1, "validation": 1, "test": 1}, 1)


def test_a_credit_shows_a_licence_that_asks_for_it(corpus_writer, tmp_path):
    corpus = corpus_writer(tmp_path / "corpus", licenses=dict.fromkeys(range(4), 9))
    build(corpus, BuildPlan("1.0.0", "metadata"), out=tmp_path / "release")
    credit = count(tmp_path / "release", read_manifest(tmp_path / "release")).credit
    assert (credit.license, credit.owner) == ("CC-BY-2.0", "Owner 4")


def test_photos_without_a_month_have_no_figure_of_months(corpus_writer, tmp_path):
    corpus = corpus_writer(tmp_path / "corpus")
    table = pq.read_table(corpus / "photos.parquet", memory_map=False)
    untold = pl.DataFrame(pl.from_arrow(table)).with_columns(month=None)
    pq.write_table(untold.to_arrow().cast(table.schema), corpus / "photos.parquet")
    build(corpus, BuildPlan("1.0.0", "metadata"), out=tmp_path / "release")
    assert FIGURES - set(read_manifest(tmp_path / "release")["files"]) == {"figures/months.svg"}
    assert "months.svg" not in (tmp_path / "release" / "README.md").read_text()
    assert verify(tmp_path / "release") == []


def test_a_release_without_attributes_has_a_card_too(corpus_writer, tmp_path):
    corpus = corpus_writer(tmp_path / "corpus")
    (corpus / "labels.json").write_text('{"attributes": {}}')
    build(corpus, BuildPlan("1.0.0", "metadata"), out=tmp_path / "release")
    files = set(read_manifest(tmp_path / "release")["files"])
    assert files & FIGURES == {"figures/licences.svg", "figures/months.svg"}
    text = (tmp_path / "release" / "README.md").read_text()
    assert "There is none in this release" in text
    assert verify(tmp_path / "release") == []


def test_names_of_the_camera_are_those_of_the_labels():
    assert {one.name for one in ATTRIBUTES if one.names_camera} == CAMERA_NAMES


def test_pairs_of_few_photos_and_undefined_ones_are_not_told(releases, tmp_path):
    manifest = read_manifest(releases["metadata"])
    numbers = count(releases["metadata"], manifest)
    assert all(one.photos >= FEW for one in numbers.pairs + numbers.confounds)
    few = shutil.copytree(releases["metadata"], tmp_path / "few")
    for file in (few / "iso").iterdir():
        pq.write_table(pq.read_table(file, memory_map=False).slice(0, 9), file)
    names = {name for one in count(few, manifest).pairs for name in (one.attribute, one.other)}
    assert names == {"make", "flash"}


def test_camera_names_go_together_by_construction():
    pair = Pair("make", "model", 1.0, 100)
    numbers = replace(many_numbers(), pairs=(pair, Pair("make", "iso", 0.3, 100)))
    assert pair.by_construction
    assert [one.other for one in numbers.strong_pairs] == ["iso"]


def many_numbers(scale=1):
    sizes = {one.name: len(one.paper_classes) for one in ATTRIBUTES}
    classes = {
        name: tuple(
            ClassCounts(
                f"{name} {code}",
                dict.fromkeys(("train", "validation", "test"), 100 * scale),
                dict.fromkeys(("train", "validation", "test"), (code + 1) * scale),
                3 * (code + 1) * scale,
            )
            for code in range(size)
        )
        for name, size in sizes.items()
    }
    pairs = [Pair(*names, 0.5, 100) for names in combinations(sizes, 2)]
    confounds = [Pair(name, other, 0.25, 100) for name in sizes for other in CONFOUNDS]
    credit = Credit(1, "https://page", "owner", "CC0-1.0", "https://cc0")
    return Numbers(classes, {}, 0, (1,), tuple(pairs), tuple(confounds), credit)


@pytest.mark.parametrize("scale", [1, 4321])
def test_nothing_is_drawn_outside_of_a_figure(scale):
    numbers = many_numbers(scale)
    licenses = {"LicenseRef-No-Known-Copyright-Restrictions": {"photos": 123_456 * scale}}
    months = {f"{2000 + n // 12}-{n % 12 + 1:02}": n * scale for n in range(60)}
    for drawing in (
        draw_classes(numbers),
        draw_associations(numbers),
        draw_licenses(licenses),
        draw_months(months),
        draw_months({"2020-01": 1}),
    ):
        root = ElementTree.fromstring(drawing.svg())
        for box in root.iter(f"{SVG}rect"):
            x, y, width, height = (float(box.get(one)) for one in ("x", "y", "width", "height"))
            assert min(width, height) >= 0
            assert 0 <= x <= x + width <= WIDTH
            assert 0 <= y <= y + height <= drawing.height
        for one in root.iter(f"{SVG}text"):
            if one.get("transform"):
                continue
            long = text_width(one.text, size=int(one.get("font-size")))
            x = float(one.get("x")) - {"start": 0, "middle": 0.5, "end": 1}[
                one.get("text-anchor")
            ] * long  # fmt: skip
            assert 0 <= x <= x + long <= WIDTH, one.text


def test_the_heat_map_shows_both_halves_and_the_confounds():
    numbers = many_numbers()
    shown = texts(draw_associations(numbers).svg())
    assert shown.count("0.50") == 90
    assert shown.count("0.25") == 50
    without = replace(numbers, pairs=numbers.pairs[1:], confounds=())
    shown = texts(draw_associations(without).svg())
    assert (shown.count("0.50"), shown.count("-")) == (88, 2)
    assert not set(CONFOUNDS) & set(shown)


def test_photos_per_class_and_the_owners_are_shown():
    shown = texts(draw_classes(many_numbers()).svg())
    assert shown.count("300") >= 10
    assert {"make (9)", "model (88)", "3 to 264", "train", "validation", "test"} <= set(shown)


def test_many_months_are_shown_by_year():
    months = {f"{2010 + n // 12}-{n % 12 + 1:02}": 10 for n in range(61)}
    shown = texts(draw_months(months).svg())
    assert "photos per year taken" in shown
    assert "2014" in shown
    months.pop("2015-01")
    assert "photos per month taken" in texts(draw_months(months).svg())


@given(st.text(), st.text())
def test_any_text_gives_sound_xml(title, words):
    drawing = Drawing(10, title)
    drawing.text(1, 1, words)
    root = ElementTree.fromstring(drawing.svg())
    assert len(root.findall(f"{SVG}text")) == 1
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words)
    assert (root.findtext(f"{SVG}text") or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_ticks_reach_the_highest(highest, most):
    marks = ticks(highest, most=most)
    assert marks[0] == 0
    assert marks[-1] >= highest
    assert 2 <= len(marks) <= most + 1
    assert len({after - before for before, after in pairwise(marks)}) == 1


def luminance(colour):
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@given(st.floats(0, 1))
def test_letters_are_legible_on_every_shade(value):
    low, high = sorted((luminance(shade(value)), luminance(ink_on(value))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_number_is_never_lighter(one, other):
    light, dark = sorted((one, other))
    assert luminance(shade(light)) >= luminance(shade(dark))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CC-BY-NC-SA-2.0", "CC BY-NC-SA 2.0"),
        ("CC0-1.0", "CC0 1.0"),
        ("LicenseRef-US-Government-Work", "US Government Work"),
    ],
)
def test_licences_as_people_say_them(name, words):
    assert spoken(name) == words
