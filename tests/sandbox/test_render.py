"""The files: EXIF that agrees with the answers, sizes without EXIF, a camera in linear light."""

from __future__ import annotations

import io
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from flickrexif.sandbox.blur import blur
from flickrexif.sandbox.cameras import cameras
from flickrexif.sandbox.catalogue import CataloguePlan, SandboxPhoto
from flickrexif.sandbox.develop import add_sensor_noise, noise_sigma, sensor_of
from flickrexif.sandbox.exif_print import (
    FLASH_WORDS,
    print_exposure,
    print_exposure_clean,
    print_f_number,
    print_focal_length,
    print_focal_length_clean,
)
from flickrexif.sandbox.optics import light_field, see, shake
from flickrexif.sandbox.render import original, render_original, resized, take
from flickrexif.sandbox.scene import make_scene

PLAN = CataloguePlan(0, 3000, 60, "2021-01", "2021-12")


@pytest.fixture(scope="module")
def photos() -> list[SandboxPhoto]:
    """One public photo of each make, and of each thing that a file may hold."""
    everything = [photo for photo in PLAN.open() if photo.visible == "public"]
    told = [photo for photo in everything if photo.has_exif]
    wanted = {photo.camera.make: photo for photo in told}
    for mark in ("gps", "serial", "artist", "has_thumbnail"):
        wanted[mark] = next(photo for photo in told if getattr(photo, mark))
    for turn in (6, 8):
        wanted[turn] = next(photo for photo in told if photo.orientation == turn)
    wanted["adobe"] = next(p for p in told if p.camera.software.startswith("Adobe"))
    wanted["undated"] = next(photo for photo in told if photo.taken_unknown)
    return list({photo.id: photo for photo in wanted.values()}.values())


def of_origin(origin: str) -> SandboxPhoto:
    return next(photo for photo in PLAN.open() if photo.origin == origin)


def opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))


def camera(model: str):
    return next(camera for camera in cameras() if camera.model == model)


def test_the_file_says_what_the_answer_says(photos):
    catalogue = PLAN.open()
    for photo in photos:
        exif = opened(original(photo)).getexif()
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        rows = {(space, tag): raw for space, _, tag, _, raw, _ in catalogue.exif_tags(photo)}
        assert exif[ExifTags.Base.Make] == rows["IFD0", "Make"] == photo.camera.make
        assert exif[ExifTags.Base.Model] == rows["IFD0", "Model"]
        pair = inner[ExifTags.Base.ExposureTime]
        ratio = (pair.numerator, pair.denominator)
        assert print_exposure(ratio) == rows["ExifIFD", "ExposureTime"]
        assert f"{float(inner[ExifTags.Base.FNumber]):.1f}" == rows["ExifIFD", "FNumber"]
        assert str(inner[ExifTags.Base.ISOSpeedRatings]) == rows["ExifIFD", "ISO"]
        focal = float(inner[ExifTags.Base.FocalLength])
        assert f"{focal:.1f} mm" == rows["ExifIFD", "FocalLength"]
        assert FLASH_WORDS[inner[ExifTags.Base.Flash]] == rows["ExifIFD", "Flash"]
        assert inner.get(ExifTags.Base.DateTimeOriginal) == rows.get(
            ("ExifIFD", "DateTimeOriginal")
        )
        assert inner.get(0xA431) == rows.get(("ExifIFD", "SerialNumber")) == photo.serial
        assert exif.get(ExifTags.Base.Artist) == rows.get(("IFD0", "Artist")) == photo.artist
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
        assert bool(place) == (photo.gps is not None) == (("GPS", "GPSLatitude") in rows)


def test_rationals_are_written_as_the_maker_writes_them(photos):
    for photo in photos:
        block = piexif.load(original(photo))["Exif"]
        assert block[piexif.ExifIFD.ExposureTime] == photo.settings.exposure
        assert block[piexif.ExifIFD.FNumber] == photo.settings.f_number
        assert block[piexif.ExifIFD.FocalLength] == photo.settings.focal_length


def test_files_hold_things_that_must_be_stripped(photos):
    files = [piexif.load(original(photo)) for photo in photos]
    assert any(file["GPS"] for file in files)
    assert any(file["thumbnail"] for file in files)
    assert any(b"adobe:ns:meta" in original(photo) for photo in photos)
    place = next(photo for photo in photos if photo.gps)
    latitude = piexif.load(original(place))["GPS"][piexif.GPSIFD.GPSLatitude]
    degrees = sum(n / d / 60**power for power, (n, d) in enumerate(latitude))
    assert degrees == pytest.approx(abs(place.gps[0]), abs=1e-5)


def test_adobe_files_repeat_make_and_model_as_xmp(photos):
    for photo in photos:
        spaces = {row[0] for row in PLAN.open().exif_tags(photo)}
        assert ("XMP-tiff" in spaces) == (b"tiff:Make" in original(photo))


def test_an_undated_file_has_no_capture_date(photos):
    undated = next(photo for photo in photos if photo.taken_unknown)
    assert piexif.ExifIFD.DateTimeOriginal not in piexif.load(original(undated))["Exif"]


def test_originals_lie_as_the_sensor_lay(photos):
    for photo in photos:
        stored = opened(original(photo))
        size = (photo.width, photo.height)
        assert stored.size == (size if photo.orientation == 1 else size[::-1])
        assert stored.getexif()[ExifTags.Base.Orientation] == photo.orientation


def test_originals_carry_their_makers_tables(photos):
    tables = {p.camera.make: tuple(opened(original(p)).quantization[0]) for p in photos}
    assert len(set(tables.values())) >= 6
    factors = {opened(original(photo)).layer[0][1:3] for photo in photos}
    assert len(factors) >= 3


@pytest.mark.parametrize("origin", ["export", "screenshot", "scan"])
def test_pictures_without_a_camera_tell_of_none(origin):
    photo = of_origin(origin)
    exif = opened(original(photo)).getexif()
    assert ExifTags.Base.Make not in exif
    rows = PLAN.open().exif_tags(photo)
    assert [row[2] for row in rows] == (["Software"] if origin == "scan" else [])
    assert photo.camera is None
    assert not photo.has_exif


def test_sizes_are_upright_bare_and_alike(photos):
    tables, factors = set(), set()
    for photo in photos:
        small = opened(resized(photo, 1024))
        assert max(small.size) == 1024
        assert small.width / small.height == pytest.approx(photo.width / photo.height, abs=0.002)
        assert not small.getexif()
        assert not {"exif", "xmp", "comment", "photoshop"} & set(small.info)
        tables.add(tuple(small.quantization[0]))
        factors.add(tuple(layer[1:3] for layer in small.layer))
    assert len(tables) == len(factors) == 1


def test_nothing_is_enlarged(photos):
    photo = photos[0]
    assert opened(resized(photo, 9000)).size == (photo.width, photo.height)
    assert max(opened(resized(photo, 240)).size) == 240


def test_another_process_makes_the_same_file(photos):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        made = pool.submit(render_original, PLAN, photos[0].id).result()
    assert made == original(photos[0])
    with pytest.raises(KeyError):
        render_original(PLAN, 1)


def test_the_scene_is_the_same_for_every_camera(photos):
    size = photos[0].camera.frame

    def thumbnail(seed, model):
        scene = make_scene(seed, *size)
        taken = next(p.settings for p in photos if p.camera.make == "Canon")
        picture = take(scene, camera(model), taken, size, seed).convert("L").resize((24, 16))
        return np.asarray(picture, dtype=float).ravel()

    canon, phone = thumbnail(1, "Canon EOS 6D"), thumbnail(1, "iPhone 11")
    other = thumbnail(2, "Canon EOS 6D")
    assert np.corrcoef(canon, phone)[0, 1] > 0.9
    assert np.corrcoef(canon, other)[0, 1] < 0.8


@pytest.mark.parametrize("model", ["NIKON D750", "iPhone 11"])
@pytest.mark.parametrize("iso", [100, 800])
def test_sensor_noise_follows_the_formula(model, iso):
    flat = np.full((3, 400, 400), 0.2, np.float32)
    add_sensor_noise(flat, camera(model), iso, seed=4)
    assert flat[1].mean() == pytest.approx(0.2, abs=0.002)
    assert flat[1].std() == pytest.approx(noise_sigma(0.2, camera(model), iso), rel=0.02)
    assert flat[0].std() > flat[1].std(), "white balance amplifies red"


@pytest.mark.parametrize(("light", "iso"), [(0.2, 100), (0.5, 800), (0.3, 3200)])
def test_quick_noise_is_that_of_counted_electrons(light, iso):
    lens = camera("NIKON D750")
    counted = sensor_of(lens, iso).read_out(
        np.full(200_000, light), np.random.Generator(np.random.Philox(iso))
    )
    assert counted.mean() == pytest.approx(light, rel=0.005)
    assert counted.std() == pytest.approx(noise_sigma(light, lens, iso), rel=0.01)


def test_four_times_the_iso_doubles_shot_noise():
    quiet, loud = (noise_sigma(0.5, camera("NIKON D750"), iso) for iso in (100, 400))
    assert loud / quiet == pytest.approx(2, rel=0.05)


@given(sigma=st.floats(0.4, 3.0))
@settings(max_examples=25, deadline=None)
def test_blur_has_its_sigma_and_keeps_light(sigma):
    point = np.zeros((61, 121), np.float32)
    point[30, 60] = 1
    soft = blur(point, sigma).astype(float)
    assert soft.sum() == pytest.approx(1, abs=1e-4)
    columns = np.arange(121) - 60
    spread = np.sqrt((soft.sum(axis=0) * columns**2).sum())
    assert spread == pytest.approx(sigma, abs=0.03)


@given(sigma=st.floats(0, 3), level=st.floats(0.1, 1))
@settings(max_examples=25, deadline=None)
def test_blur_and_shake_leave_an_even_plane_even(sigma, level):
    plane = np.full((50, 70), level, np.float32)
    assert np.allclose(blur(plane, sigma), level, atol=1e-5)
    assert np.allclose(shake(plane, (4 * sigma, -3 * sigma)), level, atol=1e-5)


def test_shake_smears_along_its_path_only():
    line = np.zeros((60, 60), np.float32)
    line[:, 30] = 1
    assert np.allclose(shake(line, (0.0, 9.0)), line)
    assert shake(line, (9.0, 0.0)).max() < 0.5
    assert np.array_equal(shake(line, (0.5, 0.5)), line)


def test_corners_get_less_light_wide_open_and_with_flash(photos):
    base = next(p.settings for p in photos if p.camera.make == "Canon")
    lens = camera("Canon EOS 6D")

    def corner(**changes):
        from dataclasses import replace

        chosen = replace(base, focal_length=(50, 1), flash=16)
        return light_field(see(lens, replace(chosen, **changes), 90, 60, seed=1), 90, 60)[0, 0]

    assert corner(f_number=(28, 10)) < corner(f_number=(56, 10)) < corner(f_number=(16, 1))
    assert corner(f_number=(8, 1), flash=9) < 0.6 * corner(f_number=(8, 1))


def test_far_things_blur_wide_open_and_everything_by_diffraction(photos):
    from dataclasses import replace

    base = replace(photos[0].settings, focal_length=(50, 1), flash=16)
    lens = camera("Canon EOS 6D")
    wide, middle, narrow = (
        see(lens, replace(base, f_number=(n, 10)), 900, 600, seed=1) for n in (28, 80, 220)
    )
    assert wide.far_blur > middle.far_blur > middle.near_blur
    assert narrow.near_blur > middle.near_blur


@pytest.mark.parametrize(
    ("value", "raw", "clean"),
    [
        ((10, 600), "1/60", "0.017 sec (1/60)"),
        ((16667, 1_000_000), "1/60", "0.017 sec (1/60)"),
        ((1, 50), "1/50", "0.02 sec (1/50)"),
        ((1, 4), "1/4", "0.25 sec (1/4)"),
        ((3, 10), "0.3", "0.3 sec (0.3)"),
        ((2, 1), "2", "2 sec (2)"),
    ],
)
def test_exposures_are_printed_as_exiftool_does(value, raw, clean):
    assert print_exposure(value) == raw
    assert print_exposure_clean(value) == clean


def test_lengths_and_apertures_are_printed_with_one_decimal():
    assert print_f_number((173, 100)) == "1.7"
    assert print_focal_length((425, 100)) == "4.2 mm"
    assert print_focal_length_clean((425, 100)) is None
    assert print_focal_length_clean((280, 10)) == "28 mm"
