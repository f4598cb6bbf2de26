"""The traces of real files against exiftool and ImageMagick."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import warnings

import pytest
from PIL import Image

from flickrexif.imaging.double_compression import double_compression
from flickrexif.labels.traces import FACTORS, Traces, read_traces

QUALITY, SUBSAMPLING = "File:JPEGQualityEstimate", "File:YCbCrSubSampling"
PROFILE = "ICC_Profile:ProfileDescription"
DEPTHS = ("File:BitsPerSample", "IFD0:BitsPerSample", "PNG:BitDepth", "QuickTime:ImagePixelDepth")


@pytest.fixture(scope="module")
def paths(oracle):
    folders = (oracle / "exif" / "files", oracle / "pairs" / "photos")
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    return found or pytest.skip("the oracle folder holds no photos")


@pytest.fixture(scope="module")
def traces(paths):
    told = {path: read_traces(path.read_bytes()) for path in paths}
    return {path: one for path, one in told.items() if one != Traces()}


@pytest.fixture(scope="module")
def exact(traces):
    """Quality of the files whose one or two tables are exactly libjpeg's.

    Both peers add up all tables, so a third misleads them.
    """
    return {
        path: one.jpeg_quality
        for path, one in traces.items()
        if one.jpeg_quality_exact and table_count(path) < 3
    }


def table_count(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that are stereo pairs by name only
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            return len(image.quantization)


@pytest.fixture(scope="module")
def exiftool(paths):
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    tags = (QUALITY, SUBSAMPLING, PROFILE, *DEPTHS)
    command = ["exiftool", "-json", "-n", "-G1", "-fast", *(f"-{tag}" for tag in tags)]
    run = subprocess.run([*command, *map(str, paths)], capture_output=True, check=False)
    told = json.loads(run.stdout)
    return dict(zip(paths, told, strict=True))


def test_exact_qualities_are_exiftools(exact, exiftool):
    assert len(exact) > 200
    assert exact == {path: exiftool[path].get(QUALITY) for path in exact}


def test_exact_qualities_are_imagemagicks(exact):
    if shutil.which("identify") is None:
        pytest.skip("ImageMagick's identify is not installed")
    files = [f"{path}[0]" for path in exact]
    command = ["identify", "-quiet", "-ping", "-format", "%i\t%w\t%Q\n", *files]
    run = subprocess.run(command, capture_output=True, check=False, text=True)
    told = [line.split("\t") for line in run.stdout.splitlines()]
    theirs = {path: int(quality) for path, width, quality in told if width != "0"}  # 0: unread
    compared = {path: theirs[str(path)] for path in exact if str(path) in theirs}
    assert len(compared) > 200
    assert compared == {path: exact[path] for path in compared}


def test_inexact_files_have_a_nearest_quality(traces):
    inexact = [one for one in traces.values() if one.jpeg_quality_exact is False]
    assert len(inexact) > 80
    assert all(one.jpeg_quality_residual > 0 and one.jpeg_tables for one in inexact)
    encoders = {one.jpeg_tables: one.jpeg_quality for one in inexact}
    assert len(encoders) > 30
    assert all(one.jpeg_quality == encoders[one.jpeg_tables] for one in inexact)


def test_subsampling_is_exiftools(traces, exiftool):
    compared = {
        path: FACTORS.get(tuple(map(int, exiftool[path][SUBSAMPLING].split())))
        for path, one in traces.items()
        if one.jpeg_tables and SUBSAMPLING in exiftool[path]
    }
    assert len(compared) > 300
    assert compared == {path: traces[path].chroma_subsampling for path in compared}


def test_profiles_are_exiftools(traces, exiftool):
    compared = {path: exiftool[path][PROFILE] for path in traces if PROFILE in exiftool[path]}
    assert len(compared) > 60
    assert compared == {path: traces[path].icc_profile for path in compared}


def test_bit_depths_are_exiftools(traces, exiftool):
    compared = {}
    for path in traces:
        told = next((exiftool[path][tag] for tag in DEPTHS if tag in exiftool[path]), None)
        if told is not None:
            compared[path] = int(str(told).split()[0])
    assert len(compared) > 350
    assert {path.suffix for path in compared} >= {".jpg", ".tif", ".png", ".heic", ".avif"}
    assert set(compared.values()) >= {1, 4, 8, 16}
    assert compared == {path: traces[path].bit_depth for path in compared}


def test_photos_resized_and_compressed_once_raise_no_alarm(oracle):
    photos = sorted((oracle / "pairs" / "photos").glob("*.jpg"))
    if not photos:
        pytest.skip("the oracle folder holds no photos of pairs")
    assert {double_compression(path.read_bytes()).found for path in photos[::3]} == {False}


def test_photos_compressed_again_are_found(oracle):
    photos = sorted((oracle / "pairs" / "photos").glob("*.jpg"))[::12]
    if not photos:
        pytest.skip("the oracle folder holds no photos of pairs")
    for path in photos:
        with Image.open(path) as image:
            small = image.resize((image.width * 2 // 3, image.height * 2 // 3))
        for first, second in ((60, 80), (75, 90), (85, 95)):
            hint = double_compression(saved(saved(small, first), second))
            assert hint.found
            assert abs(hint.first_quality - first) <= 2


def saved(image, quality):
    opened = Image.open(io.BytesIO(image)) if isinstance(image, bytes) else image
    stream = io.BytesIO()
    opened.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
