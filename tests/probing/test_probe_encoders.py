from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_releases import photo

from flickrexif.errors import UsageError
from flickrexif.imaging.mask import MaskSpec, visible
from flickrexif.probing.encoders import ENCODERS, Encoder, encoder_named
from flickrexif.probing.encoders.region import regions

each_encoder = pytest.mark.parametrize("encoder", [*map(encoder_named, ENCODERS)], ids=[*ENCODERS])


def photos(count: int, side: int = 96, noise: float = 4.0) -> torch.Tensor:
    images = [photo(seed, noise=noise, side=side) for seed in range(count)]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def seen(ratio: float, side: int = 96, geometry: str = "center") -> torch.Tensor:
    return torch.from_numpy(visible(MaskSpec(geometry, ratio, patch=8), side, side))


@each_encoder
@pytest.mark.parametrize("ratio", [0.0, 0.5, 0.9, 0.95])
def test_embeddings_are_finite_float32_of_the_promised_width(encoder: Encoder, ratio: float):
    found = encoder(photos(3), seen(ratio))
    assert found.dtype == torch.float32
    assert found.shape == (3, encoder.dim)
    assert bool(torch.isfinite(found).all())


@each_encoder
@pytest.mark.parametrize("geometry", ["center", "border", "checkerboard", "random_patches"])
def test_hidden_pixels_have_no_influence(encoder: Encoder, geometry: str):
    images, mask = photos(2), seen(0.8, geometry=geometry)
    other = torch.where(mask, images, torch.randint(0, 256, images.shape, dtype=torch.uint8))
    assert not torch.equal(images, other)
    assert torch.equal(encoder(images, mask), encoder(other, mask))


@each_encoder
def test_visible_pixels_have_influence(encoder: Encoder):
    images, mask = photos(1), seen(0.9)
    assert not torch.equal(encoder(images, mask), encoder(255 - images // 2, mask))


@each_encoder
def test_a_photo_with_nothing_visible_looks_like_any_other(encoder: Encoder):
    found = encoder(photos(3), seen(1.0))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@each_encoder
def test_a_photo_is_embedded_alike_in_any_company(encoder: Encoder):
    images, mask = photos(4), seen(0.9)
    together = encoder(images, mask)
    alone = torch.cat([encoder(images[i : i + 1], mask) for i in range(4)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


@each_encoder
def test_a_mask_for_each_photo_is_that_of_the_photo(encoder: Encoder):
    images = photos(2)
    masks = torch.stack([seen(0.5), seen(0.9)])
    expected = torch.cat([encoder(images[:1], masks[0]), encoder(images[1:], masks[1])])
    torch.testing.assert_close(encoder(images, masks), expected, atol=1e-5, rtol=1e-5)


@each_encoder
def test_provenance_names_the_weights(encoder: Encoder):
    assert len(encoder.provenance["sha256"]) == 64
    assert encoder.provenance == encoder_named(encoder.name).provenance


def test_residuals_tell_noise_from_a_constant_image():
    encoder = encoder_named("residual")
    flat = torch.full((1, 3, 96, 96), 128, dtype=torch.uint8)
    mask = seen(0.9)
    levels = torch.cat([encoder(flat, mask)] + [encoder(photos(1, noise=n), mask) for n in (2, 8)])
    assert bool((levels[:, 0].diff() < -0.05).all())


def test_residuals_do_not_see_a_constant_added_to_all_pixels():
    encoder = encoder_named("residual")
    images, mask = photos(2) // 2, seen(0.9)
    before, after = encoder(images, mask), encoder(images + 1, mask)
    histogram = slice(0, 4 * 4)
    torch.testing.assert_close(before[:, histogram], after[:, histogram], atol=1e-3, rtol=0)


def test_pixels_are_the_means_of_what_is_visible():
    image = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    image[0, 0, :8] = 255
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[0] = True
    found = encoder_named("pixels")(image, mask).reshape(3, 8, 8)
    assert bool((found[0, 0] == 1).all())
    assert float(found.sum()) == 8


def test_an_unknown_encoder_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"'clip'.*residual, pixels, random:conv"):
        encoder_named("clip")


@settings(max_examples=60, deadline=None)
@given(
    box=st.tuples(*[st.integers(0, 12)] * 4),
    holes=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=3),
)
def test_regions_hold_each_visible_pixel_exactly_once(
    box: tuple[int, int, int, int], holes: list[tuple[int, int]]
):
    mask = torch.ones(12, 12, dtype=torch.bool)
    top, bottom, left, right = box
    mask[min(top, bottom) : max(top, bottom), min(left, right) : max(left, right)] = False
    for row, column in holes:
        mask[row, column] = False
    counted = torch.zeros(12, 12, dtype=torch.int64)
    for region in regions(mask):
        height, width = region.visible.shape
        counted[region.top : region.top + height, region.left : region.left + width] += (
            region.visible
        )
    assert torch.equal(counted, mask.long())


def test_a_kernel_counts_only_where_its_whole_support_is_visible():
    mask = seen(0.9)
    supported = sum(int(region.supported(3, 3).sum()) for region in regions(mask))
    margin = int(mask[48].long().argmin())
    across, along = margin - 2, 94
    inner = 96 - 2 * margin - 2
    assert supported == 2 * across * along + 2 * across * inner
