from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from tiny_releases import SIDE, TinyRelease, photo, png

from flickrexif.errors import UsageError
from flickrexif.imaging.mask import MaskSpec
from flickrexif.probing import ProbePlan, ProbeReport, probe
from flickrexif.probing.embeddings import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ProbePlan(shuffles=40, resamples=300)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("probe") / "out"


@pytest.fixture(scope="module")
def report(release: Path, out: Path) -> ProbeReport:
    return probe(release, QUICK, out=out)


def test_what_the_pixels_tell_is_above_chance_and_what_they_do_not_is_not(report: ProbeReport):
    iso, coin = report.results
    assert iso.above_chance
    assert iso.accuracy > 0.8
    assert iso.off_by_one >= iso.accuracy
    assert iso.off_by_one_chance == pytest.approx(7 / 9)
    assert not coin.above_chance
    assert coin.off_by_one is None
    assert report.above_chance == (("residual", "iso"),)


def test_shuffled_labels_are_at_chance(report: ProbeReport):
    for result in report.results:
        spread = (result.chance * (1 - result.chance) / result.test) ** 0.5
        assert abs(result.shuffled - result.chance) < spread
        assert 0 < result.shuffled_error < spread


def test_neither_size_nor_mean_colour_explains_the_noise(report: ProbeReport):
    iso = report.results[0]
    assert iso.size < iso.low
    assert iso.colour < iso.low
    assert iso.low <= iso.accuracy <= iso.high


def test_the_report_tells_what_was_probed(report: ProbeReport):
    assert (report.release, report.version) == ("Tiny", "1.2.3")
    encoder = report.encoders[0]
    assert (encoder.name, encoder.family, encoder.crop) == ("residual", "filters", 224)
    assert report.photos == 144
    assert encoder.hidden == pytest.approx(0.8957, abs=1e-4)


def test_lines_are_a_table_with_one_row_per_attribute(report: ProbeReport):
    lines = report.lines()
    assert len(lines) == 4
    assert "accuracy [95 % CI]" in lines[1]
    assert lines[2].startswith("residual  iso ")
    assert lines[2].endswith("  above chance")
    assert lines[3].endswith("  not above chance")
    assert len({line.index("above chance") for line in lines[2:3]}) == 1


def test_a_report_is_read_as_it_was_written(report: ProbeReport, out: Path):
    assert ProbeReport.read(out) == report
    answers = pl.read_parquet(out / "predictions.parquet")
    right = (answers["label"] == answers["predicted"]).sum()
    assert right == pytest.approx(sum(one.accuracy * one.test for one in report.results))


def test_results_are_written_as_json_parquet_and_figure(report: ProbeReport, out: Path):
    told = json.loads((out / "results.json").read_text())
    assert told["results"][0]["accuracy"] == report.results[0].accuracy
    assert told["mask"]["ratio"] == 0.9
    table = pl.read_parquet(out / "results.parquet")
    assert table["attribute"].to_list() == ["iso", "coin"]
    assert table["verdict"].to_list() == ["above chance", "not above chance"]
    with Image.open(out / "accuracy.png") as figure:
        assert figure.format == "PNG"
        assert len(figure.convert("RGB").getcolors(1 << 20)) > 10
    assert [*map(str, sorted(p.relative_to(out) for p in (out / "embeddings").rglob("*")))] == [
        "embeddings/pixels.safetensors",
        "embeddings/residual.safetensors",
    ]


def test_embeddings_are_written_with_ids_and_provenance(report: ProbeReport, out: Path):
    with safe_open(out / "embeddings" / "residual.safetensors", "numpy") as file:
        ids, vectors = file.get_tensor("Flickr ID"), file.get_tensor("image_embeddings")
        about = file.metadata()
    assert ids.dtype == np.int64
    assert bool((np.diff(ids) > 0).all())
    assert vectors.shape[0] == len(ids) == report.photos
    assert vectors.dtype == np.float32
    assert about["encoder"] == "residual"
    assert len(json.loads(about["provenance"])["sha256"]) == 64
    assert about["version"] == "1.2.3"


def test_the_same_probe_gives_the_same_bytes(release: Path, out: Path, report, tmp_path: Path):
    again = probe(release, QUICK, out=tmp_path)
    assert again == report
    for name in ("results.json", "results.parquet", "predictions.parquet", "report.html"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_an_attribute_gives_the_same_alone_as_among_others(release: Path, report: ProbeReport):
    alone = probe(release, ProbePlan(attributes=("coin",), shuffles=40, resamples=300))
    assert alone.results[0] == report.results[1]


def test_another_batch_size_gives_the_same_accuracies(release: Path, report: ProbeReport):
    other = probe(release, ProbePlan(attributes=("iso",), shuffles=1, resamples=100, batch=17))
    assert other.results[0].accuracy == pytest.approx(report.results[0].accuracy, abs=0.03)


def test_when_all_is_hidden_the_accuracy_is_exactly_chance(tmp_path: Path):
    black = png(np.zeros((SIDE, SIDE, 3), np.uint8))
    splits = {
        split: [(start + i, i % 4, f"{split}-{i}") for i in range(40)]
        for split, start in (("train", 0), ("validation", 100), ("test", 200))
    }
    images = {i: black for rows in splits.values() for i, _, _ in rows}
    path = TinyRelease(tmp_path / "r", MaskSpec(ratio=1.0)).write(
        {"make": ["a", "b", "c", "d"]}, {"make": splits}, images
    )
    result = probe(path, QUICK).results[0]
    assert result.accuracy == result.shuffled == result.chance == result.majority == 0.25
    assert not result.above_chance


def test_a_bad_photo_is_skipped_with_its_reason(tmp_path: Path):
    splits = {
        split: [(start + i, i % 2, f"{split}-{i}") for i in range(8)]
        for split, start in (("train", 0), ("validation", 100), ("test", 200))
    }
    images = {i: png(photo(i, noise=2, side=48)) for rows in splits.values() for i, _, _ in rows}
    images[3] = b"no image"
    images[102] = images[102][:200]
    images[201] = png(photo(1, noise=2, side=40))
    path = TinyRelease(tmp_path / "r", side=48).write(
        {"make": ["a", "b"]}, {"make": splits}, images
    )
    report = probe(path, ProbePlan(resamples=100))
    assert set(report.skipped) == {3, 102, 201}
    assert report.skipped[201] == "another size than stated: 40x40, not 48x48"
    assert (report.results[0].train, report.results[0].test) == (7, 7)
    assert report.lines()[-1] == "3 photos skipped, as they could not be read"


def test_a_release_of_bad_photos_only_is_refused(tmp_path: Path):
    splits = {s: [(i, i % 2, "o") for i in range(4)] for s in ("train", "validation", "test")}
    path = TinyRelease(tmp_path / "r").write({"make": ["a", "b"]}, {"make": splits}, {})
    with pytest.raises(UsageError, match="no photo of the release can be read"):
        probe(path)


def test_whole_images_can_be_masked_by_the_probe(tmp_path: Path):
    splits = {
        split: [(start + i, i % 2, f"{split}-{i}") for i in range(16)]
        for split, start in (("train", 0), ("validation", 100), ("test", 200))
    }
    images = {
        i: png(photo(i, noise=1 + 7 * label, side=120))
        for rows in splits.values()
        for i, label, _ in rows
    }
    path = TinyRelease(tmp_path / "r", None, kind="images", side=64).write(
        {"make": ["a", "b"]}, {"make": splits}, images
    )
    masked = probe(path, ProbePlan(resamples=100, mask=MaskSpec(ratio=0.5)))
    assert masked.encoders[0].hidden == pytest.approx(0.5, abs=0.02)
    assert masked.results[0].accuracy > 0.9
    assert probe(path, ProbePlan(resamples=100)).encoders[0].hidden == 0


def test_embeddings_are_found_by_photo():
    ids = np.array([1, 2, 5, 9])
    found = Embeddings("own", {}, ids, torch.arange(4.0)[:, None])
    assert found.of(np.array([9, 1]))[:, 0].tolist() == [3, 0]
    assert found.among(np.array([2, 9, 10])).vectors[:, 0].tolist() == [1, 3]
    with pytest.raises(KeyError):
        found.of(np.array([99]))


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_flickrexif_or_its_probe_does_not_import_torch():
    done = python("import sys, flickrexif, flickrexif.probing; assert 'torch' not in sys.modules")
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named_with_the_line_that_installs_it(release: Path, tmp_path: Path):
    code = f"""
import sys
from pathlib import Path
from flickrexif.errors import UsageError
from flickrexif.probing import ProbePlan, probe
for package in ("torch", "matplotlib", "safetensors"):
    sys.modules[package] = None
    try:
        probe(Path({str(release)!r}), out=Path({str(tmp_path / "out")!r}))
    except UsageError as error:
        print(package, error)
    del sys.modules[package]
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    for package, line in zip(
        ("torch", "matplotlib", "safetensors"), done.stdout.splitlines(), strict=True
    ):
        assert line.startswith(f"{package} a probe needs {package!r}")
        assert 'pip install "flickrexif[probe]"' in line
    assert not (tmp_path / "out").exists()
