"""The files of a report: what they hold, that they are whole, and that equal ones are equal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import polars as pl
import pytest
from PIL import Image
from told_reports import encoder, predictions, report, result

from flickrexif.errors import UsageError
from flickrexif.probing import ProbeReport
from flickrexif.probing.reporting.families import COLOURS, by_family, in_order
from flickrexif.probing.reporting.figure import draw
from flickrexif.probing.reporting.predictions import read_predictions
from flickrexif.probing.reporting.report_html import INK, drawn
from flickrexif.probing.reporting.report_html import html as page_of
from flickrexif.probing.reporting.report_markdown import markdown
from flickrexif.probing.reporting.said_instead import said_instead, shares

if TYPE_CHECKING:
    from pathlib import Path

NASTY = 'a<b>"&$x_1$|`{{ 1 }}'
FILES = {
    "accuracy.png",
    "accuracy.svg",
    "predictions.parquet",
    "report.html",
    "results.json",
    "results.md",
    "results.parquet",
}


def told(**more: object) -> ProbeReport:
    encoders = (encoder("pixels", "control"), encoder("clip:X", "contrastive"))
    results = tuple(
        result(one.name, attribute, accuracy)
        for one, accuracy in zip(encoders, (0.25, 0.5), strict=True)
        for attribute in ("make", "iso")
    )
    said = tuple(
        predictions(one.encoder, one.attribute, [True, False, True, True] * 4) for one in results
    )
    return report(encoders, results, predictions=said, **more)


def html(one: ProbeReport) -> str:
    return page_of(one, drawn(one))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "new"
    told().write(out)
    return out


class Page(HTMLParser):
    """What a page refers to, what it says, and how many cells each of its rows has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.words: list[str] = []
        self.rows: list[int] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        wanted = ("src", "href", "xlink:href", "srcset", "data", "action")
        self.references += [value or "" for name, value in attrs if name in wanted]
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th") and self.rows:
            self.rows[-1] += 1

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_file_is_there_and_no_other(written: Path):
    assert {path.name for path in written.iterdir()} == FILES


def test_a_report_that_was_written_is_read_again(written: Path):
    assert ProbeReport.read(written) == ProbeReport.read(written / "results.json") == told()


def test_equal_reports_give_equal_bytes(written: Path, tmp_path: Path):
    told().write(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def test_the_json_keeps_its_schema(written: Path):
    fields = json.loads((written / "results.json").read_text())
    assert fields["schema_version"] == 1
    assert set(fields) >= {
        "release", "version", "mask", "solver", "seed", "photos", "skipped", "encoders", "results",
        "classes", "synthetic", "manifest_sha256", "plan", "made_with",
    }  # fmt: skip
    assert set(fields["results"][0]) >= {
        "encoder", "family", "attribute", "classes", "train", "validation", "test", "test_owners",
        "accuracy", "low", "high", "chance", "majority", "shuffled", "size", "colour", "verdict",
    }  # fmt: skip
    assert "predictions" not in fields


def test_what_is_no_number_is_null(tmp_path: Path):
    one = result("x", "make", 0.5, shuffled_error=float("nan"))
    report((encoder("x"),), (one,)).write(tmp_path)
    text = (tmp_path / "results.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["results"][0]["shuffled_error"] is None
    assert ProbeReport.read(tmp_path).results[0].shuffled_error != 0.01


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no results.json can be read there"),
        ("{", "is no JSON"),
        ("[]", "holds no results"),
        ('{"results": [], "schema_version": 2}', "schema_version is 2, not 1"),
        ('{"results": [{}], "schema_version": 1, "encoders": []}', "KeyError"),
    ],
)
def test_what_is_no_report_is_refused_by_name(tmp_path: Path, text: str | None, why: str):
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(UsageError, match=re.escape(why)) as refused:
        ProbeReport.read(tmp_path)
    assert repr(str(tmp_path)) in str(refused.value)


def test_predictions_are_read_as_they_were_written(written: Path):
    read = read_predictions(written / "predictions.parquet")
    for one in told().predictions:
        again = read[one.encoder, one.attribute]
        assert again.asks_the_same(one)
        assert (again.predicted == one.predicted).all()
        assert (again.owners == one.owners).all()
    assert "owner_id" not in pl.read_parquet(written / "predictions.parquet").columns


def test_markdown_is_one_table_whatever_the_words():
    nasty = report((encoder(NASTY),), (result(NASTY, "make", 0.5),), synthetic=True)
    rows = [line for line in markdown(nasty).splitlines() if line.startswith("|")]
    cells = {len(re.split(r"(?<!\\)\|", row)) for row in rows}
    assert len(rows) == 3
    assert len(cells) == 1
    assert "cameras that do not exist" in markdown(nasty)


# The page


def test_the_page_asks_nothing_of_anyone(written: Path):
    text = (written / "report.html").read_text()
    page = Page(text)
    assert [name for name in page.references if not name.startswith("#")] == []
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)|@import", text)
    assert INK not in text


def test_the_page_s_table_has_every_result(written: Path):
    page = Page((written / "report.html").read_text())
    wide = page.rows[0]
    assert page.rows[: 1 + len(told().results)] == [wide] * (1 + len(told().results))
    said = " ".join(page.words)
    for one in told().results:
        assert f"{100 * one.accuracy:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]" in said


def test_words_of_others_stay_words():
    encoders = (encoder(NASTY, "nobody's", provenance={"weights": NASTY}),)
    nasty = report(
        encoders,
        (result(NASTY, "make", 0.5),),
        release=NASTY,
        skipped={7: NASTY},
        classes={"make": (NASTY, "b", "c", "d")},
    )
    text = html(nasty)
    assert "<b>" not in text
    assert text.count("a&lt;b&gt;") >= 6
    assert "{{" in text


def test_the_page_warns_of_rendered_photos():
    said = "cameras of this release do not exist"
    assert said in html(told(synthetic=True))
    assert said not in html(told())


def test_a_matrix_has_the_shares_of_each_class():
    assert shares(((1, 3), (0, 0))) == ((0.25, 0.75), (0, 0))


def test_of_each_family_the_most_accurate_is_shown():
    one = told()
    better = encoder("better", "contrastive")
    more = report(
        (*one.encoders, better),
        (*one.results, result("better", "make", 0.6), result("better", "iso", 0.4)),
    )
    shown = [(each.attribute, each.encoder) for each in said_instead(more)]
    assert shown == [("make", "better"), ("make", "pixels"), ("iso", "clip:X"), ("iso", "pixels")]


def test_the_page_shows_the_matrix_of_the_classes():
    one = result("x", "make", 0.5, confusion=((4, 1, 0, 0), *[(0, 5, 0, 0)] * 3))
    page = Page(html(report((encoder("x"),), (one,), classes={"make": ("A", "B", "C", "D")})))
    words = [word.strip() for word in page.words if word.strip()]
    place = words.index("make, x: 50.0 % right")
    assert words[place + 1 : place + 8] == ["A", "B", "C", "D", "A", "80", "20"]


def test_large_matrices_stay_out_of_the_page():
    counts = ((1,) * 31,) * 31
    large = result("x", "model", 0.2, classes=31, confusion=counts)
    many = {"model": tuple(map(str, range(31)))}
    assert said_instead(report((encoder("x"),), (large,), classes=many)) == ()
    small = replace(large, classes=30, confusion=((1,) * 30,) * 30)
    assert len(said_instead(report((encoder("x"),), (small,), classes=many))) == 1


def test_a_matrix_is_a_line_per_row_and_read_again(written: Path):
    text = (written / "results.json").read_text()
    assert "\n        [2, 1, 1, 0]" in text
    assert ProbeReport.read(written).results[0].confusion == told().results[0].confusion


# The figure


def test_encoders_stand_family_by_family():
    words = ("control", "contrastive", "nobody's", "supervised", "contrastive")
    encoders = tuple(encoder(f"{place}", word) for place, word in enumerate(words))
    assert [one.name for one in in_order(encoders)] == ["1", "4", "3", "0", "2"]
    assert list(by_family(encoders)) == ["contrastive", "supervised", "control", "other"]


@pytest.mark.parametrize("ground", ["#ffffff", "#0d1117"])
@pytest.mark.parametrize("colour", COLOURS.values())
def test_colours_stand_out_in_light_and_in_dark(ground: str, colour: str):
    lighter, darker = sorted((luminance(ground), luminance(colour)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_what_is_above_chance_is_drawn_otherwise(tmp_path: Path):
    above = told()
    below = replace(above, results=tuple(replace(r, low=0.2) for r in above.results))
    for name, one in (("above", above), ("below", below)):
        draw(one, tmp_path / name, form="svg")
    filled = COLOURS["contrastive"]
    assert f"fill: {filled}" in (tmp_path / "above").read_text()
    assert (tmp_path / "above").read_bytes() != (tmp_path / "below").read_bytes()


@pytest.mark.parametrize("count", [1, 50])
def test_names_and_panels_are_in_the_figure_however_many(tmp_path: Path, count: int):
    names = [f"encoder-{place}-{'x' * 20}" for place in range(count)]
    many = report(
        tuple(encoder(name, "supervised") for name in names),
        tuple(result(name, a, 0.5) for name in names for a in ("make", "iso")),
    )
    draw(many, tmp_path / "figure.svg", form="svg")
    draw(many, tmp_path / "figure.png")
    text = (tmp_path / "figure.svg").read_text()
    assert all(name in text for name in names)
    assert "make (4 classes)" in text
    assert "image size alone" in text
    assert "coarse colours alone" not in text
    with Image.open(tmp_path / "figure.png") as drawn:
        assert max(drawn.size) < 4000
