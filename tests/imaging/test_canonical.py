from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icc_profiles import (
    ADOBE,
    ADOBE_GAMMA,
    ADOBE_PRIMARIES,
    D50,
    SRGB,
    SRGB_PRIMARIES,
    grey_profile,
    inks_profile,
)
from PIL import Image, ImageOps

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, decode_rgb, is_stripped, strip_metadata
from flickrexif.imaging.canonical import (
    CANONICALISERS,
    Canonicaliser,
    canonicaliser,
    from_words,
)
from flickrexif.imaging.canonical_steps import Colour, Recompress, Resize, Strip, Subsample
from flickrexif.imaging.decode import opened
from flickrexif.imaging.icc import space_of, to_srgb

WRITING = [name for name in CANONICALISERS if name != "strip"]

steps = st.tuples(
    st.builds(Colour),
    st.builds(Resize, st.integers(1, 65_500)),
    st.builds(Recompress, st.integers(1, 100)),
    st.builds(Subsample, st.sampled_from(["4:2:0", "4:4:4"])),
    st.builds(Strip),
)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain_jpeg(image: Image.Image, quality: int, subsampling: int) -> bytes:
    return encoded(image, "JPEG", quality=quality, subsampling=subsampling)


def array(data: bytes) -> np.ndarray:
    return np.asarray(decode_rgb(data)).astype(int)


def noise(width: int = 40, height: int = 32, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def grainy(seed: int, grain: float, width: int = 48, height: int = 40) -> Image.Image:
    """Smooth patches of random colours under grain."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray(
        (smooth + rng.normal(0, grain, smooth.shape)).clip(0, 255).astype(np.uint8)
    )


def srgb_levels(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1: linear light 0..1 to levels 0..255, not rounded."""
    linear = linear.clip(0, 1)
    low = 12.92 * linear
    return 255 * np.where(linear <= 0.0031308, low, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_linear_srgb(xyz: np.ndarray) -> np.ndarray:
    return xyz @ np.linalg.inv(np.array(SRGB_PRIMARIES))


# --- one step ---------------------------------------------------------------------------------


@pytest.mark.parametrize("quality", [60, 85, 95])
@pytest.mark.parametrize(("sampling", "pillows"), [("4:2:0", 2), ("4:4:4", 0)])
def test_a_photo_is_written_once_at_the_quality_and_sampling(quality, sampling, pillows):
    data = encoded(noise())
    found = canonicaliser(f"recompress {quality}, subsample {sampling}")(data)
    assert found == plain_jpeg(noise(), quality, pillows)


def test_chroma_is_whole_unless_told_otherwise():
    assert canonicaliser("recompress 90")(encoded(noise())) == plain_jpeg(noise(), 90, 0)


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((40, 32), 20, (20, 16)),
        ((32, 40), 20, (16, 20)),
        ((41, 32), 20, (20, 16)),  # 15.6 to the nearest
        ((400, 3), 20, (20, 1)),  # 0.15: a pixel is left
        ((40, 32), 40, (40, 32)),
        ((40, 32), 41, (40, 32)),  # never enlarged
    ],
)
def test_resizing_shrinks_to_the_longer_side(size, longest, expected):
    image = noise(*size)
    smaller = image if size == expected else image.resize(expected, Image.Resampling.BICUBIC)
    found = canonicaliser(f"resize {longest}, recompress 95")(encoded(image))
    assert found == plain_jpeg(smaller, 95, 0)


def test_stripping_alone_is_lossless_and_keeps_the_orientation(make_jpeg):
    data = make_jpeg(orientation=6)
    assert canonicaliser("strip")(data) == strip_metadata(data)
    png = encoded(noise())
    assert canonicaliser("strip")(png) == strip_metadata(png)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once_and_gone(make_jpeg, orientation):
    data = make_jpeg(orientation=orientation)
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        found = canonicaliser("recompress 95")(data)
        upright.info = {}
        assert found == plain_jpeg(upright, 95, 0)
    assert is_stripped(found)
    assert b"Exif" not in found
    with Image.open(io.BytesIO(canonicaliser("recompress 95")(found))) as image:
        assert image.size == upright.size


@pytest.mark.parametrize("order", ["colour sRGB, resize 20", "resize 20, colour sRGB"])
def test_steps_on_pixels_are_taken_in_their_order(order):
    image = noise()
    expected = image
    for step in order.split(", "):
        if step == "resize 20":
            expected = expected.resize((20, 16), Image.Resampling.BICUBIC)
        else:
            expected = to_srgb(expected, ADOBE)
    data = encoded(image, icc_profile=ADOBE)
    assert canonicaliser(f"{order}, recompress 95")(data) == plain_jpeg(expected, 95, 0)


# --- colour -----------------------------------------------------------------------------------


def test_adobe_rgb_becomes_srgb_as_computed_by_hand():
    image = noise(200, 200)
    linear = (np.asarray(image) / 255) ** ADOBE_GAMMA
    expected = srgb_levels(to_linear_srgb(linear @ np.array(ADOBE_PRIMARIES)))
    apart = np.abs(np.asarray(to_srgb(image, ADOBE)) - expected)
    assert apart.max() < 1
    assert apart.mean() < 0.25  # what rounding alone would leave
    assert np.abs(np.asarray(image) - expected).mean() > 5


def test_a_known_colour_of_adobe_rgb():
    # half-strong green: more than sRGB has of it, so that red is clipped to 0
    found = to_srgb(Image.new("RGB", (1, 1), (0, 128, 0)), ADOBE).getpixel((0, 0))
    assert found[0] == 0
    assert 128 <= found[1] <= 129
    greys = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2))
    converted = np.asarray(to_srgb(greys, ADOBE)).astype(int)
    assert np.ptp(converted, axis=2).max() <= 1  # greys stay grey


def test_the_colours_of_a_canonical_file_are_the_converted_ones():
    flat = Image.new("RGB", (32, 32), (90, 160, 40))
    found = canonicaliser("jpeg95-444-srgb")(encoded(flat, "JPEG", quality=95, icc_profile=ADOBE))
    expected = to_srgb(flat, ADOBE).getpixel((0, 0))
    assert expected != (90, 160, 40)
    assert np.abs(array(found) - expected).max() <= 2
    with Image.open(io.BytesIO(found)) as image:
        assert "icc_profile" not in image.info


def test_a_grey_profile_bends_greys_by_its_curve():
    greys = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    expected = srgb_levels((np.arange(256) / 255) ** (461 / 256))
    found = np.asarray(to_srgb(greys.convert("RGB"), grey_profile(1.8))).astype(int)
    assert np.abs(found[0] - expected[:, None]).max() < 1
    data = encoded(greys, icc_profile=grey_profile(1.8))
    canonical = canonicaliser("colour sRGB, recompress 100")(data)
    assert np.abs(array(canonical) - found).max() <= 2


def test_inks_go_by_their_profile_relative_to_the_paper_with_black_points_matched():
    inks = {"paper": (0, 0, 0, 0), "black": (0, 0, 0, 255), "cyan": (255, 0, 0, 0)}
    found = {
        name: to_srgb(Image.new("CMYK", (1, 1), ink), inks_profile()).getpixel((0, 0))
        for name, ink in inks.items()
    }
    assert found["paper"] == (255, 255, 255)
    assert found["black"] == (0, 0, 0)
    black = lab_to_xyz(20, 0, 0)
    cyan = (lab_to_xyz(80, -30, -30) - black) / (D50 - black) * D50
    assert np.abs(found["cyan"] - srgb_levels(to_linear_srgb(cyan))).max() < 2


def lab_to_xyz(lightness: float, a: float, b: float) -> np.ndarray:
    """CIE 15: the inverse of L*a*b* above the linear part."""
    middle = (lightness + 16) / 116
    return D50 * np.array((middle + a / 500, middle, middle - b / 200)) ** 3


def test_cmyk_files_go_by_their_profile_where_colour_is_asked_and_by_pillow_else():
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    data = encoded(image, "JPEG", quality=100, icc_profile=inks_profile())
    by_profile = array(canonicaliser("colour sRGB, recompress 100")(data))
    assert np.abs(by_profile - to_srgb(image, inks_profile()).getpixel((0, 0))).max() <= 3
    plain = canonicaliser("recompress 100")(data)
    assert np.abs(array(plain) - array(data)).max() <= 2
    with Image.open(io.BytesIO(plain)) as written:
        assert "icc_profile" not in written.info  # it does not describe these pixels
    bare = encoded(image, "JPEG", quality=100)
    assert canonicaliser("jpeg85-444-srgb")(bare) == plain_jpeg(decode_rgb(bare), 85, 0)


def test_a_profile_stays_where_colours_are_not_converted():
    for profile, kept in ((ADOBE, ADOBE), (grey_profile(1.8), None), (b"nonsense", None)):
        found = canonicaliser("recompress 85")(encoded(noise(), "JPEG", icc_profile=profile))
        with Image.open(io.BytesIO(found)) as image:
            assert image.info.get("icc_profile") == kept


@pytest.mark.parametrize("profile", [None, SRGB], ids=["no profile", "sRGB"])
def test_srgb_pixels_are_left_as_they_are(profile):
    options = {} if profile is None else {"icc_profile": profile}
    found = canonicaliser("jpeg85-444-srgb")(encoded(noise(), **options))
    assert found == plain_jpeg(noise(), 85, 0)


@pytest.mark.parametrize(
    ("profile", "image", "found"),
    [
        (b"nonsense", noise(), "ICC profile: "),
        (ADOBE[:300], noise(), "ICC profile: "),
        (ADOBE.replace(b"rXYZ", b"xXYZ"), noise(), "ICC profile: cannot build transform"),
        (ADOBE.replace(b"RGB ", b"Lab "), noise(), "an ICC profile for 'Lab'"),
        (ADOBE.replace(b"RGB ", b"\xff\xff\xff\xff"), noise(), "ICC profile: "),
        (inks_profile(), noise(), "a CMYK profile on pixels of another kind"),
        (grey_profile(1.8), noise(), "a GRAY profile on pixels of another kind"),
        (ADOBE, Image.new("CMYK", (9, 9)), "a RGB profile on pixels of another kind"),
    ],
    ids=["nonsense", "cut off", "no primary", "other space", "no space", "inks", "grey", "rgb"],
)
def test_profiles_that_cannot_be_applied_are_refused(profile, image, found):
    with pytest.raises(UnreadableImage) as caught:
        to_srgb(image, profile)
    assert caught.value.refusal == "damaged"
    assert caught.value.found.startswith(found)


def test_a_profile_of_which_pieces_are_missing_is_refused():
    data = encoded(noise(), "JPEG", icc_profile=ADOBE)
    numbered = data.index(b"ICC_PROFILE\0") + 12
    damaged = data[: numbered + 1] + b"\x02" + data[numbered + 2 :]  # piece 1 of 2
    with pytest.raises(UnreadableImage, match="pieces are missing"):
        canonicaliser("jpeg85-444-srgb")(damaged)
    assert canonicaliser("recompress 85")(damaged) == plain_jpeg(decode_rgb(data), 85, 0)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([ADOBE, SRGB, inks_profile(), grey_profile(2.2)]), st.data())
def test_damaged_profiles_raise_nothing_else(profile, data):
    damaged = bytearray(profile)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    for image in (Image.new("RGB", (3, 3)), Image.new("CMYK", (3, 3))):
        with suppress(UnreadableImage):
            assert to_srgb(image, bytes(damaged)).mode == "RGB"


def test_converted_pixels_carry_no_metadata():
    image = noise()
    image.info["comment"] = b"SECRET"
    assert to_srgb(image, ADOBE).info == {}
    assert image.info == {"comment": b"SECRET"}


def test_profiles_of_real_files_become_srgb(oracle):
    seen = set()
    for path in sorted((oracle / "exif" / "files").glob("*.jpg")):
        data = path.read_bytes()
        if len(data) > 300_000:
            continue
        try:
            with opened(data) as image:
                profile = image.info.get("icc_profile")
            if not profile or profile in seen or len(seen) == 12:
                continue
            found = canonicaliser("jpeg85-444-srgb-1024")(data)
        except UnreadableImage:
            continue
        seen.add(profile)
        assert is_stripped(found), path.name
        with Image.open(io.BytesIO(found)) as image:
            assert "icc_profile" not in image.info, path.name
            assert max(image.size) <= 1024, path.name
    assert len(seen) >= 5


def test_spaces_are_told():
    spaces = [space_of(each) for each in (ADOBE, SRGB, grey_profile(2), inks_profile())]
    assert spaces == ["RGB", "RGB", "GRAY", "CMYK"]


# --- inputs of other kinds --------------------------------------------------------------------


def animated() -> bytes:
    frames = [noise(seed=seed).convert("P") for seed in (1, 2)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded(noise().convert("L")), id="grey"),
        pytest.param(encoded(noise().convert("RGBA").rotate(30)), id="alpha"),
        pytest.param(encoded(noise().convert("P")), id="palette"),
        pytest.param(encoded(noise().convert("1")), id="bilevel"),
        pytest.param(encoded(Image.fromarray(np.full((8, 8), 0x80FF, np.uint16))), id="16 bit"),
        pytest.param(encoded(noise(), "TIFF"), id="tiff"),
        pytest.param(encoded(noise(), "WEBP"), id="webp"),
        pytest.param(encoded(noise().convert("CMYK"), "JPEG"), id="cmyk"),
        pytest.param(encoded(noise().convert("L"), "JPEG"), id="grey jpeg"),
        pytest.param(animated(), id="animated"),
    ],
)
def test_other_inputs_follow_the_rules_of_decoding(data):
    assert canonicaliser("jpeg85-444-srgb")(data) == plain_jpeg(decode_rgb(data), 85, 0)


@pytest.mark.parametrize("name", WRITING)
def test_what_cannot_be_read_is_refused(make_jpeg, name):
    whole = make_jpeg()
    floats = encoded(Image.new("F", (4, 4)), "TIFF")
    for data in (b"", b"GIF89a", whole[: len(whole) // 2], floats):
        with pytest.raises(UnreadableImage):
            canonicaliser(name)(data)
    with pytest.raises(UnreadableImage, match="neither JPEG nor PNG"):
        canonicaliser("strip")(animated())


def test_sides_that_no_jpeg_holds_are_refused_unless_they_shrink():
    data = encoded(Image.new("RGB", (66_000, 2)))
    with pytest.raises(UnreadableImage, match="side of 66000 px"):
        canonicaliser("recompress 85")(data)
    assert decode_rgb(canonicaliser("resize 100, recompress 85")(data)).size == (100, 1)


# --- named ones, and their promises -----------------------------------------------------------


def test_the_named_canonicalisers_in_words():
    assert {name: ", ".join(found.words) for name, found in CANONICALISERS.items()} == {
        "strip": "strip",
        "jpeg85-444-srgb": "colour sRGB, recompress 85, subsample 4:4:4",
        "jpeg85-420-srgb": "colour sRGB, recompress 85, subsample 4:2:0",
        "jpeg95-444-srgb": "colour sRGB, recompress 95, subsample 4:4:4",
        "jpeg85-444-srgb-1024": "colour sRGB, resize 1024, recompress 85, subsample 4:4:4",
    }


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("grain", [0, 10])
def test_files_of_all_makes_end_with_one_form(make_jpeg, name, grain):
    quality, sampling = int(name[4:6]), name[7:10]
    image = grainy(1, grain)
    sources = [
        make_jpeg(orientation=6, quality=71, progressive=True, comment=b"SECRET"),
        encoded(image, "JPEG", quality=98, subsampling=1, icc_profile=ADOBE),
        encoded(image, "PNG"),
        encoded(image.convert("L"), "JPEG", dpi=(300, 300)),
    ]
    reference = Image.open(io.BytesIO(plain_jpeg(image, quality, {"444": 0, "420": 2}[sampling])))
    for data in sources:
        found = canonicaliser(name)(data)
        assert b"SECRET" not in found
        assert is_stripped(found)
        with Image.open(io.BytesIO(found)) as written:
            assert written.quantization == reference.quantization
            assert written.layer == reference.layer
            assert written.info == reference.info


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([name for name in WRITING if "444" in name]),
    st.integers(0, 2**32),
    st.floats(0, 60),
)
def test_a_second_pass_keeps_the_form_and_hardly_moves_the_pixels(name, seed, grain):
    moves = movements(name, grainy(seed, grain))
    assert moves[1] <= moves[0] / 2
    assert moves[3] <= max(moves[1], 0.05)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.floats(0, 60))
def test_halved_chroma_settles_more_slowly(seed, grain):
    moves = movements("jpeg85-420-srgb", grainy(seed, grain))
    assert moves[1] < moves[0]
    assert moves[3] < moves[1]


def movements(name: str, image: Image.Image) -> list[float]:
    """How far each of four passes moves the pixels, in levels in the mean."""
    data, found = encoded(image), []
    forms = []
    for _ in range(4):
        before = array(data)
        data = canonicaliser(name)(data)
        found.append(float(np.abs(array(data) - before).mean()))
        with Image.open(io.BytesIO(data)) as written:
            forms.append((written.size, written.quantization, written.layer, written.info))
    assert all(form == forms[0] for form in forms)
    return found


def test_halved_chroma_is_not_idempotent():
    moves = movements("jpeg85-420-srgb", grainy(0, 0))
    assert min(moves) > 0.5
    assert movements("jpeg85-444-srgb", grainy(0, 0))[1] < 0.05


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 8))
def test_colour_resizing_and_stripping_are_idempotent(seed, longest, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = encoded(noise(seed=seed), "JPEG", icc_profile=ADOBE, exif=exif.tobytes())
    strip = canonicaliser("strip")
    assert strip(strip(source)) == strip(source)
    once = canonicaliser(f"colour sRGB, resize {longest}, recompress 90")(source)
    assert canonicaliser("colour sRGB, recompress 90")(once) == canonicaliser("recompress 90")(once)
    resized = canonicaliser(f"resize {longest}, recompress 90")(once)
    assert resized == canonicaliser("recompress 90")(once)
    assert strip(once) == once


@pytest.mark.parametrize("first", [60, 70])
def test_the_quality_of_an_earlier_compression_stays_readable(first):
    """A JPEG ghost: written anew at the first quality, the photo loses less than beside it."""
    image = grainy(3, 12, 192, 128)
    twice = canonicaliser("jpeg85-444-srgb")(plain_jpeg(image, first, 0))
    once = canonicaliser("jpeg85-444-srgb")(encoded(image))
    quality, depth = deepest_ghost(twice)
    assert abs(quality - first) <= 1
    assert depth > 1.3
    assert deepest_ghost(once)[1] < 1.15


def deepest_ghost(data: bytes) -> tuple[int, float]:
    """The quality at which the loss dips most below its neighbours, and by what factor."""
    image, levels = decode_rgb(data), array(data)
    qualities = range(52, 80)
    losses = [((array(plain_jpeg(image, q, 0)) - levels) ** 2).mean() for q in qualities]
    dips = [
        ((before + after) / 2 / at, quality)
        for before, at, after, quality in zip(
            losses, losses[1:], losses[2:], qualities[1:], strict=False
        )
    ]
    depth, quality = max(dips)
    return quality, float(depth)


# --- words ------------------------------------------------------------------------------------


@given(steps.flatmap(st.permutations), st.integers(0, 5))
def test_words_rebuild_a_canonicaliser(all_steps, count):
    chosen = [Recompress(85), *(s for s in all_steps[:count] if not isinstance(s, Recompress))]
    made = Canonicaliser(tuple(chosen))
    assert from_words(made.words) == made
    assert from_words(list(made.words)) == made
    assert canonicaliser(", ".join(made.words)) == made
    assert canonicaliser(",".join(made.words)) == made


def test_equal_words_do_the_same():
    assert canonicaliser("jpeg85-444-srgb") == from_words(CANONICALISERS["jpeg85-444-srgb"].words)
    assert canonicaliser("strip").steps == (Strip(),)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("jpeg84", "unknown canonicaliser 'jpeg84': use one of strip, jpeg85-444-srgb"),
        ("", "unknown canonicaliser ''"),
        ("recompress 85, blur 3", "unknown step 'blur 3': use some of 'colour sRGB'"),
        ("recompress 85, ", "unknown step ''"),
        ("recompress 0", "'recompress 0' is outside 1..100"),
        ("recompress 101", "'recompress 101' is outside 1..100"),
        ("recompress high", "'high' is not a whole number"),
        ("recompress ٨٥", "is not a whole number"),
        ("recompress", "'' is not a whole number"),
        ("resize 0, recompress 85", "'resize 0' is outside 1..65500"),
        ("resize 65501, recompress 85", "'resize 65501' is outside"),
        ("subsample 4:2:2, recompress 85", "unknown subsample '4:2:2': use one of 4:2:0, 4:4:4"),
        ("colour P3, recompress 85", "unknown colour 'P3': use one of sRGB"),
        ("strip all", "'strip all': this step takes no value"),
        ("colour sRGB", "'colour' needs a file written anew: add 'recompress 85'"),
        ("strip, subsample 4:2:0", "'subsample' needs a file written anew"),
        ("recompress 85, recompress 90", "'recompress' stands twice"),
    ],
)
def test_words_that_do_not_fit_are_refused(words, told):
    with pytest.raises(UsageError) as caught:
        canonicaliser(words)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_steps_are_refused():
    with pytest.raises(UsageError, match="without steps"):
        from_words([])


def test_provenance_names_the_steps_and_the_libraries_they_need():
    told = canonicaliser("jpeg85-444-srgb").provenance
    assert told.startswith("colour sRGB, recompress 85, subsample 4:4:4 by Pillow")
    assert "libjpeg-turbo" in told
    assert "Little CMS" in told
    assert "Little CMS" not in canonicaliser("recompress 85").provenance
    assert canonicaliser("strip").provenance == "strip (nothing is re-encoded)"
