"""Recall of a photo's partner: what is told, written and drawn."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec, decode_rgb
from flickrexif.probing.encoders import embed_masked, encoder_named
from flickrexif.probing.protocols.pair_arrays import retrieve_arrays
from paircams.cli import main
from paircams.layout import SIDES
from paircams.pairs import read_pairs
from paircams.photo_bytes import read_photo
from paircams.releasing import PairsPlan, build
from paircams.retrieving import RetrievalReport, RetrievalRow, RetrievePlan, retrieve
from paircams.retrieving.published import QUERIES, published_recalls
from paircams.sandbox import simulate

if TYPE_CHECKING:
    from pair_scenes import Album

PLAN = RetrievePlan(("pixels", "residual"), resamples=50)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("pairs") / "set", pairs=6, longest_px=320).folder


@pytest.fixture(scope="module")
def report(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> RetrievalReport:
    return retrieve(pairs, PLAN, out=tmp_path_factory.getbasetemp() / "retrieval")


def test_an_encoder_of_what_is_shown_finds_every_partner(report: RetrievalReport) -> None:
    row = report.rows[0]
    assert row.encoder == "pixels"
    for one in row.settings:
        assert one.recall_at_1.value == 1.0
        assert one.queries == (12 if one.queries_of == "both" else 6)
    assert row.sensitivity == abs(row.difference.value) == 0.0


def test_an_encoder_of_traces_is_drawn_to_the_querys_camera(report: RetrievalReport) -> None:
    row = report.rows[1]
    hard = row.setting("query_camera").mean_average_precision
    easy = row.setting("target_camera").mean_average_precision
    assert hard.value < easy.value < 1.0
    assert hard.low <= hard.value <= hard.high


def test_both_directions_are_the_mean_of_the_two(report: RetrievalReport) -> None:
    for row in report.rows:
        for negatives in ("query_camera", "target_camera"):
            one_way = [
                row.setting(negatives, side).recall_at_1.value for side in ("smartphone", "camera")
            ]
            both = row.setting(negatives, "both").recall_at_1.value
            assert both == pytest.approx(sum(one_way) / 2)


def test_what_is_written_is_what_is_told(report: RetrievalReport, tmp_path: Path) -> None:
    report.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "retrieval.csv",
        "retrieval.json",
        "retrieval.png",
    ]
    told = json.loads((tmp_path / "retrieval.json").read_text())
    assert told["schema"] == "paircams-retrieval/1"
    assert told["rows"][0]["settings"][0]["negatives_share"] == "query_camera"
    with (tmp_path / "retrieval.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 3
    assert float(rows[0]["recall_at_1"]) == 1.0
    first = (tmp_path / "retrieval.png").read_bytes()
    report.write(tmp_path)
    assert (tmp_path / "retrieval.png").read_bytes() == first


def test_the_studys_words_stand_beside_ours_and_never_alone(report: RetrievalReport) -> None:
    told = [line for line in report.lines() if "negatives" in line]
    assert all(
        ("query's camera" in line and '"different"' in line)
        or ("target's camera" in line and '"same"' in line)
        for line in told
    )
    assert len(told) == 4


def test_pairs_without_two_photos_and_rejected_ones_are_left_out(
    pairs: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(pairs, tmp_path / "set"))
    (copy / "002" / "camera.jpg").write_bytes(b"")
    lines = (copy / "pairs.csv").read_text().splitlines()
    lines[0] += ",decision"
    lines[1] += ",reject"
    lines[2:] = [f"{line}," for line in lines[2:]]
    (copy / "pairs.csv").write_text("\n".join(lines) + "\n")
    report = retrieve(copy, RetrievePlan(("pixels",), resamples=10))
    assert report.subjects == 4
    assert report.left_out["001"] == "rejected in review"
    assert report.left_out["002"].startswith("002/camera.jpg: ")


def test_photos_that_are_masked_already_are_seen_as_they_are(pairs: Path, tmp_path: Path) -> None:
    build(pairs, PairsPlan("1.0.0", kind="masked"), out=tmp_path / "masked")
    report = retrieve(tmp_path / "masked", RetrievePlan(("residual",), resamples=10))
    assert report.words["mask"] == MaskSpec().words()
    assert next(report.lines()).endswith("0 left out, of photos that are masked already")
    declared = read_pairs(tmp_path / "masked")
    sides: list[list[np.ndarray]] = []
    for side in SIDES:
        contents = [read_photo(one.on(side)[0]) for one in declared.subjects]
        images = np.stack([np.asarray(decode_rgb(content)) for content in contents])
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
        seen = embed_masked(encoder_named("residual"), pixels, MaskSpec(), [0] * len(images))
        sides.append(seen.numpy())
    found = retrieve_arrays(*sides, resamples=10)
    wanted = RetrievalRow.of("residual", "filters", {}, found).settings
    assert report.rows[0].settings == wanted


def test_another_crop_than_photos_were_masked_at_is_refused(pairs: Path, tmp_path: Path) -> None:
    build(pairs, PairsPlan("1.0.0", kind="masked"), out=tmp_path / "masked")
    with pytest.raises(UsageError, match="masked at 224 px already, not 112"):
        retrieve(tmp_path / "masked", RetrievePlan(("residual",), crop=112, resamples=10))


def test_one_pair_is_too_few(album: Album) -> None:
    for subject in range(2, 7):
        shutil.rmtree(album.phone(subject).parent)
    with pytest.raises(UsageError, match="1 pairs can be read"):
        retrieve(album.root, RetrievePlan(("pixels",)))


def test_the_published_recalls_are_the_studys() -> None:
    """What the study tells of its figure: no encoder finds more among the query's camera."""
    published = published_recalls()
    assert len(published) == len({one.encoder for one in published}) == 47
    assert all(one.query_camera <= one.target_camera for one in published)
    counts = {
        family: sum(one.family == family for one in published)
        for family in ("contrastive", "supervised", "self-supervised")
    }
    assert counts == {"contrastive": 24, "supervised": 11, "self-supervised": 12}


def test_the_published_recalls_are_those_of_the_oracle(oracle: Path) -> None:
    with (oracle / "paper" / "paircams_recall.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    mine = {one.encoder: one for one in published_recalls()}
    for row in rows:
        label = ", ".join(part for part in (row["variant"], row["data"]) if part)
        one = mine[f"{row['model']} ({label})"]
        told = float(row["recall_at_1_negatives_share_query_camera"])
        assert one.query_camera == pytest.approx(told, abs=0.5 / QUERIES)
        told = float(row["recall_at_1_negatives_share_target_camera"])
        assert one.target_camera == pytest.approx(told, abs=0.5 / QUERIES)


def test_the_command_prints_and_refuses(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: object) -> tuple[int | str | None, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["retrieve", *map(str, words)])
        captured = capsys.readouterr()
        return left.value.code, captured.out, captured.err

    code, out, _ = run(pairs, "--encoder", "pixels", "--resamples", 10, "--json")
    assert (code, json.loads(out)["subjects"]) == (0, 6)
    code, out, _ = run(pairs, "--encoder", "pixels", "--resamples", 10)
    assert out.startswith("set: 6 pairs, 0 left out\npixels: sensitivity 0.000")
    for words in ((pairs,), (pairs, "--encoder", "nobody"), (tmp_path, "--encoder", "pixels")):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
