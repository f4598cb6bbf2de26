"""The contact sheet holds every pair and every finding, and asks nothing of anybody."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from pair_reports import UNMOVED, finding, report_of, verdict
from pair_scenes import Album, exif, jpeg, scene
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.progress import Silent
from paircams.cards import GAP_PX, LOW_PX, TALL_PX, make_cards
from paircams.junit import junit, write_junit
from paircams.sheet import contact_sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path


class Page(HTMLParser):
    """What the tests look for in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, name: str = "") -> list[dict[str, str | None]]:
        return [
            attrs
            for found, attrs in self.tags
            if found == tag and name in [*(attrs.get("class") or "").split(), ""]
        ]


def subjects(page: Page) -> list[str | None]:
    return [card["data-subject"] for card in page.all("article", "card")]


def test_what_failed_comes_first_and_nobody_is_left_out(album: Album) -> None:
    report = report_of(
        album.root,
        finding("004", "info"),
        finding("002", "warning"),
        finding("005", "error"),
        verdicts=(verdict("003", "review"),),
    )
    page = Page(contact_sheet(report))
    assert subjects(page) == ["005", "002", "004", "003", "001", "006"]
    words = {
        card["data-subject"]: (card["data-words"] or "").split() for card in page.all("article")
    }
    assert words["005"] == ["error", "check-wrong-subject"]
    assert words["003"] == ["sound", "subject-review"]


def test_both_photos_stand_in_the_page_itself(album: Album) -> None:
    page = Page(contact_sheet(report_of(album.root)))
    addresses = [img["src"] or "" for img in page.all("img")]
    assert len(addresses) == 12
    for address in addresses:
        head, _, packed = address.partition(",")
        assert head == "data:image/webp;base64"
        with Image.open(io.BytesIO(base64.b64decode(packed))) as image:
            assert image.height == 150


def test_the_page_cannot_ask_anything_of_anybody(album: Album) -> None:
    text = contact_sheet(report_of(album.root, finding("003")))
    page = Page(text)
    policies = [
        meta["content"] or ""
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert "connect-src" not in policies[0]
    assert not re.search(r"https?://", text)
    assert not page.all("link")
    assert all("src" not in script for script in page.all("script"))


def test_what_a_manifest_says_is_text_never_markup(album: Album) -> None:
    manifest = album.root / "pairs.csv"
    name = "<script>alert(1)</script>\"' onload=x"
    quoted = '"' + name.replace('"', '""') + '"'
    manifest.write_text(
        f"subject_idx,smartphone,camera\n{quoted},001/smartphone.jpg,001/camera.jpg\n"
    )
    page = Page(contact_sheet(report_of(manifest, finding(name, message=name))))
    assert subjects(page) == [name]
    assert len(page.all("script")) == 1
    assert any(name in text for text in page.texts)


def test_a_photo_that_cannot_be_shown_is_a_box_that_says_why(album: Album) -> None:
    album.camera(2).write_bytes(b"no picture")
    album.camera(3).unlink()
    report = report_of(album.root, finding("002"), finding("003"))
    two, three = make_cards(report, Silent())[:2]
    assert two.camera.address is None
    assert "identify" in (two.camera.problem or "")
    assert three.camera.problem == "there is no photo on this side"
    page = Page(contact_sheet(report))
    assert len(page.all("div", "absent")) == 2


def test_a_third_photo_is_shown_besides(album: Album) -> None:
    album.camera(3, "png").write_bytes(jpeg(scene(90)))
    page = Page(contact_sheet(report_of(album.root, finding("003"))))
    assert len(page.all("figure", "surplus")) == 1
    assert len(page.all("img")) == 13


def test_photos_stand_upright(album: Album) -> None:
    lying = scene(3).transpose(Image.Transpose.ROTATE_90)
    album.add(3, camera=jpeg(lying, exif(extra={"0th": {0x0112: 6}})))
    (card,) = (
        c for c in make_cards(report_of(album.root), Silent()) if c.subject.subject_idx == "003"
    )
    assert card.camera.width > card.camera.height


def test_matched_points_lie_where_they_were_matched(album: Album) -> None:
    report = report_of(album.root, finding("001"), verdicts=(verdict("001"),))
    card = make_cards(report, Silent())[0]
    left, right = card.smartphone, card.camera
    x1, y1, x2, y2 = card.lines[0]
    assert (x1, y1) == (0.25 * left.width, 0.5 * left.height)
    assert x2 == pytest.approx(left.width + GAP_PX + 0.3 * right.width, abs=0.06)
    assert y2 == 0.5 * right.height
    (svg,) = Page(contact_sheet(report)).all("svg")
    told = [tuple(map(float, one.split(","))) for one in (svg["data-points"] or "").split()]
    assert told == list(card.lines)


def test_of_many_pairs_the_worst_alone_are_shown_tall(album: Album) -> None:
    found = [finding(f"00{n}", "warning") for n in (1, 2, 3, 4)]
    report = report_of(album.root, *found, finding("004", "error"))
    cards = make_cards(report, Silent(), most_tall=2)
    told = [(card.subject.subject_idx, card.height) for card in cards[:4]]
    assert told == [("004", TALL_PX), ("001", TALL_PX), ("002", LOW_PX), ("003", LOW_PX)]


def test_the_overlay_maps_corners_as_the_homography_does(album: Album) -> None:
    turned = (0.9, 0.1, 0.02, -0.1, 1.1, 0.03, 0.05, -0.02, 1.0)
    told = verdict("001")
    for homography in (UNMOVED, turned):
        figures = type(told.figures)(  # type: ignore[misc]
            **{name: getattr(told.figures, name) for name in told.figures.__slots__}  # type: ignore[union-attr]
            | {"homography": homography}
        )
        report = report_of(album.root, verdicts=(verdict("001", figures=figures),))
        card = next(c for c in make_cards(report, Silent()) if c.verdict)
        assert card.overlay is not None
        entries = [float(entry) for entry in card.overlay[len("matrix3d(") : -1].split(",")]
        matrix = np.array(entries).reshape(4, 4).T
        for x, y in ((0, 0), (1, 0), (0.3, 0.8), (1, 1)):
            laid = matrix @ [x * card.smartphone.width, y * card.smartphone.height, 0, 1]
            share = np.array(homography).reshape(3, 3) @ [x, y, 1]
            expected = share[:2] / share[2] * [card.camera.width, card.camera.height]
            assert np.allclose(laid[:2] / laid[3], expected, atol=0.01)


def test_findings_about_the_set_or_about_nobody_are_told_at_the_top(album: Album) -> None:
    text = contact_sheet(
        report_of(
            album.root,
            finding(None, message="told of the whole set"),
            finding("line 9", message="told of a row"),
        )
    )
    top = text[: text.index("<main>")]
    assert "told of the whole set" in top
    assert "told of a row" in top


def test_filters_count_what_they_show(album: Album) -> None:
    report = report_of(album.root, finding("001"), finding("001"), finding("002", "warning"))
    page = Page(contact_sheet(report))
    assert [button["data-word"] for button in page.all("button", "filter")] == [
        "all",
        "error",
        "warning",
        "sound",
        "check-wrong-subject",
    ]
    counts = re.findall(r'data-word="([\w-]+)"[^>]*>[^<]*<b>(\d+)', contact_sheet(report))
    assert dict(counts) == {
        "all": "6",
        "error": "1",
        "warning": "1",
        "sound": "4",
        "check-wrong-subject": "2",
    }


def test_evidence_and_figures_are_told(album: Album) -> None:
    told = finding("001", value=0.1234567, limit=0.5, evidence={"partner": "006", "gap": 3.0})
    failed = verdict("001", "fail", partner="006")
    text = contact_sheet(report_of(album.root, told, verdicts=(failed,)))
    assert "0.1235 against 0.5" in text
    assert "partner 006" in text
    assert 'href="#subject-006"' in text
    assert "<dt>inliers</dt><dd>180</dd>" in text


def test_the_page_appears_whole_or_not_at_all(album: Album, tmp_path: Path) -> None:
    report = report_of(album.root)
    assert write_sheet(report, tmp_path / "out") == tmp_path / "out" / "report.html"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="name a folder"):
        write_sheet(report, tmp_path / "file")


def test_junit_has_a_case_for_each_subject_and_one_for_the_set(album: Album) -> None:
    report = report_of(
        album.root,
        finding("001", file="001/camera.jpg"),
        finding("001", "warning"),
        finding("002", "warning"),
        finding(None, "info"),
    )
    suite = ET.fromstring(junit(report))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("7", "1")
    cases = {case.get("name"): case for case in suite}
    failure = cases["001"].find("failure")
    assert failure is not None
    assert failure.get("message") == "P003 wrong-subject"
    assert (failure.text or "").startswith("error P003 wrong-subject: 001/camera.jpg: ")
    assert cases["002"].find("failure") is None
    assert cases["002"].findtext("system-out", "").startswith("warning P003")
    assert cases["the whole set"].find("failure") is None
    assert list(cases["003"]) == []
    strict = ET.fromstring(junit(report, fail_on="info"))[0]
    assert strict.get("failures") == "3"


def test_junit_is_written_or_refused_in_one_line(album: Album, tmp_path: Path) -> None:
    write_junit(report_of(album.root), tmp_path / "junit.xml")
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"
    with pytest.raises(UsageError, match="name a file"):
        write_junit(report_of(album.root), tmp_path / "nowhere" / "junit.xml")
