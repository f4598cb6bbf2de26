"""What a file's header gives away."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image
from small_corpora import jpeg

from flickrexif.labels.traces import Traces, read_traces


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 51, 75, 90, 95, 100])
def test_libjpegs_qualities_are_recognised(quality):
    assert read_traces(jpeg(1, quality=quality)).jpeg_quality == quality


def test_other_tables_have_no_quality():
    stream = io.BytesIO()
    table = [3] * 63 + [4]
    Image.new("RGB", (16, 16)).save(stream, "JPEG", qtables=[table, table])
    assert read_traces(stream.getvalue()).jpeg_quality is None


@pytest.mark.parametrize(("code", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling(code, name):
    assert read_traces(jpeg(1, subsampling=code)).chroma_subsampling == name


def test_gray():
    stream = io.BytesIO()
    Image.new("L", (16, 16)).save(stream, "JPEG", quality=80)
    assert read_traces(stream.getvalue()) == Traces(80, "gray", None, 8)


def test_png_has_no_jpeg_traces():
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "PNG")
    assert read_traces(stream.getvalue()) == Traces(bit_depth=8)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"not an image", jpeg(1)[:40]])
def test_damage_is_nothing(content):
    assert read_traces(content) == Traces()


def test_headers_are_quick():
    content = jpeg(1)
    read_traces(content)
    begun = time.process_time()
    for _ in range(200):
        read_traces(content)
    assert (time.process_time() - begun) / 200 < 0.003
