"""Xet's files are read as hf_xet writes them, byte for byte."""

from __future__ import annotations

import hashlib
import struct
from importlib.util import find_spec

import pytest
from hub_client import REPO, told_by
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.sandbox.hub import Hub
from flickrexif.sandbox.hub.shards import parse_shard
from flickrexif.sandbox.hub.xorbs import chunks, lz4_frame, ungrouped, unpacked

MAGIC = bytes.fromhex("04224d18")
NEEDS_XET = pytest.mark.skipif(
    find_spec("hf_xet") is None, reason="hf_xet is not installed, so no client speaks Xet here"
)


def frame(*blocks: bytes, flags: int = 0x60) -> bytes:
    extra = b"\0" * ((8 if flags & 8 else 0) + (4 if flags & 1 else 0))
    checksum = b"\0\0\0\0" if flags & 0x10 else b""
    body = b"".join(block + checksum for block in blocks)
    return MAGIC + bytes([flags, 0x40]) + extra + b"\0" + body + b"\0\0\0\0"


def plain(content: bytes) -> bytes:
    return struct.pack("<I", len(content) | 1 << 31) + content


def packed(block: bytes) -> bytes:
    return struct.pack("<I", len(block)) + block


@given(st.binary(max_size=60))
def test_bytes_grouped_by_their_place_come_back_in_order(content):
    assert ungrouped(b"".join(content[place::4] for place in range(4))) == content


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=4), st.sampled_from([0x60, 0x79]))
def test_plain_blocks_of_a_frame_are_joined(blocks, flags):
    assert lz4_frame(frame(*map(plain, blocks), flags=flags)) == b"".join(blocks)


# Blocks written out by hand after lz4_Block_format.md: token, literals, offset, longer lengths.
@pytest.mark.parametrize(
    ("blocks", "content"),
    [
        ([b"\x30abc"], b"abc"),
        ([b"\x10a\x01\x00", b"\x10b"], b"aaaaab"),
        ([b"\x2fab\x02\x00\x05\x10c"], b"ab" * 13 + b"c"),
        ([b"\xf0\x01" + b"x" * 16], b"x" * 16),
        ([b"\x1fa\x01\x00\xff\x00\x10b"], b"a" * (1 + 4 + 15 + 255) + b"b"),
        ([b"\x40abcd", b"\x00\x04\x00\x10e"], b"abcdabcde"),
    ],
)
def test_matches_repeat_what_came_before(blocks, content):
    assert lz4_frame(frame(*map(packed, blocks))) == content


@pytest.mark.parametrize(
    "spoilt",
    [b"no frame", frame(packed(b"\x00\x05\x00\x10e")), frame(plain(b"abc"))[:-6]],
)
def test_a_spoilt_frame_is_an_error(spoilt):
    with pytest.raises(ValueError, match=r"LZ4|frame"):
        lz4_frame(spoilt)


def test_an_unknown_scheme_is_an_error():
    with pytest.raises(ValueError, match="scheme 7"):
        unpacked(b"", scheme=7)


def test_a_xorb_gives_the_chunks_that_are_asked_for(tmp_path):
    stored = [(0, b"one"), (1, frame(plain(b"three"))), (2, frame(plain(b"acebd")))]
    lengths = (3, 5, 5)
    xorb = tmp_path / "xorb"
    xorb.write_bytes(
        b"".join(
            b"\0"
            + len(kept).to_bytes(3, "little")
            + bytes([scheme])
            + size.to_bytes(3, "little")
            + kept
            for (scheme, kept), size in zip(stored, lengths, strict=True)
        )
    )
    assert list(chunks(xorb, 0, 2)) == [b"one", b"three"]
    assert list(chunks(xorb, 2, 3)) == [ungrouped(b"acebd")]
    with pytest.raises(ValueError, match="only 3 chunks"):
        list(chunks(xorb, 0, 4))


def test_a_shard_that_breaks_off_is_an_error():
    header = struct.pack("<32sIIQ", b"x" * 32, 1 << 30, 1, 0)
    with pytest.raises(ValueError, match="breaks off"):
        list(parse_shard(b"\0" * 48 + header))


MIXED = """
import random
dice = random.Random(3)
contents = {
    "noise.bin": noise(1, 300_000),
    "text.parquet": b"a text that compresses well, line %d " * 9000,
    "numbers.bin": b"".join(n.to_bytes(4, "little") for n in range(90_000)),
    "floats.bin": __import__("struct").pack("<20000f", *(dice.gauss(0, 1) for _ in range(20000))),
}
contents["joined.bin"] = contents["noise.bin"] + contents["text.parquet"]
api.create_repo(exist_ok=True, **repo)
on_disk = Path(os.environ["HF_HOME"], "on_disk.bin")
on_disk.parent.mkdir(parents=True, exist_ok=True)
on_disk.write_bytes(noise(2, 200_000))
publish([Add("on_disk.bin", on_disk), *(Add(p, c) for p, c in contents.items())])
again = publish([Add("elsewhere/noise.bin", contents["noise.bin"])], title="the same content")
import hashlib
told = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
told["on_disk.bin"] = hashlib.sha256(noise(2, 200_000)).hexdigest()
told["elsewhere/noise.bin"] = told["noise.bin"]
"""


@NEEDS_XET
def test_what_hf_xet_writes_is_rebuilt_by_the_standard_library(tmp_path):
    with Hub(transfer="xet") as hub:
        told = told_by(hub, tmp_path / "home", MIXED)
        repository = hub.repo(REPO)
        found = {path: repository.files()[path] for path in told}
        for path, sha256 in told.items():
            assert hashlib.sha256(repository.read(path)).hexdigest() == sha256
            assert len(found[path].xet or "") == 64
        assert found["elsewhere/noise.bin"] == found["noise.bin"]
        assert "lfs-batch" not in hub.requests


@NEEDS_XET
def test_a_commit_of_chunks_that_were_spoilt_is_refused(tmp_path):
    code = """
    import os
    api.create_repo(exist_ok=True, **repo)
    add = Add("noise.bin", noise(1, 300_000))
    api.preupload_lfs_files(additions=[add], **repo)
    for xorb in Path(os.environ["CAS"]).rglob("xorbs/default.*"):
        if xorb.suffix != ".tagset":
            xorb.chmod(0o644)
            content = bytearray(xorb.read_bytes()); content[5000] ^= 1; xorb.write_bytes(content)
    try:
        told = publish([add]).oid
    except errors.BadRequestError as error:
        told = str(error)
    """
    with Hub(tmp_path / "hub", transfer="xet") as hub:
        told = told_by(hub, tmp_path / "home", code, CAS=str(hub.folder / "xet"))
        assert "is not whole" in told
        assert "noise.bin" not in hub.repo(REPO).files()
