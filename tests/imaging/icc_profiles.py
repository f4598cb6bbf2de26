"""ICC profiles with known contents, made from nothing (ICC.1:2022 sections 7 to 10, version 2)."""

from __future__ import annotations

import struct
from itertools import product

import numpy as np
from PIL import ImageCms

D50 = np.array((0.9642, 1.0, 0.8249))

# Colorants under D50 (Bradford), one primary a row: IEC 61966-2-1 and Adobe RGB (1998).
SRGB_PRIMARIES = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
ADOBE_PRIMARIES = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
ADOBE_GAMMA = 563 / 256

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def numbers(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(values: object) -> bytes:
    return b"XYZ \0\0\0\0" + numbers(*values)


def gamma(exponent: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def profile(space: bytes, tags: dict[bytes, bytes], *, pcs: bytes = b"XYZ ") -> bytes:
    """A scanner's profile for ``space``, so that Little CMS measures its black point."""
    tags = {b"desc": b"desc\0\0\0\0\0\0\0\x05test\0".ljust(95, b"\0"), b"wtpt": xyz(D50)} | tags
    start = 132 + 12 * len(tags)
    table, body = b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"scnr", space, pcs)
    head = head.ljust(36, b"\0") + b"acsp" + b"\0" * 28 + numbers(*D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix_profile(primaries: object, exponent: float) -> bytes:
    names = (b"r", b"g", b"b")
    tags = {name + b"XYZ": xyz(primary) for name, primary in zip(names, primaries, strict=True)}
    return profile(b"RGB ", tags | {name + b"TRC": gamma(exponent) for name in names})


def grey_profile(exponent: float) -> bytes:
    return profile(b"GRAY", {b"kTRC": gamma(exponent)})


def inks_profile() -> bytes:
    """CMYK: white paper is yellowish, full black is L* 20, cyan is L* 80, a* -30, b* -30."""
    relative = _inks(tint=0)
    perceptual = _inks(tint=40)
    tags = {b"wtpt": xyz((0.80, 0.82, 0.50)), b"A2B0": perceptual, b"A2B1": relative}
    return profile(b"CMYK", tags, pcs=b"Lab ")


def _inks(*, tint: int) -> bytes:
    """A table (lut8Type) of two grid points for each ink, straight between them."""
    grid = b""
    for cyan, magenta, yellow, key in product((0, 1), repeat=4):
        lightness = 20 if key else 100 - 20 * cyan - 30 * magenta - 10 * yellow
        a = 0 if key else -30 * cyan + 50 * magenta + tint * cyan
        b = 0 if key else -30 * cyan + 60 * yellow
        grid += bytes((round(lightness * 2.55), a + 128, b + 128))
    head = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + numbers(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return head + bytes(range(256)) * 4 + grid + bytes(range(256)) * 3


ADOBE = matrix_profile(ADOBE_PRIMARIES, ADOBE_GAMMA)
