"""Any torch module as an encoder: masks, fills, precision, sizes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import flickrexif
from flickrexif import MaskSpec, PreprocessSpec
from flickrexif.errors import UsageError
from flickrexif.probing.encoders import embed_masked
from flickrexif.probing.encoders.masked import visible_of

SIDE = 32
SPEC = PreprocessSpec(SIDE, "bilinear", (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))


def tiny(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(3, 8, 4, 4), nn.GELU(), nn.Flatten(), nn.Linear(8 * 8 * 8, 16), nn.Tanh()
        )


def images(count: int, side: int = SIDE) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def encoder():
    return flickrexif.module_encoder(tiny(), SPEC, name="tiny")


def test_it_gives_what_the_module_gives_of_normalised_images(encoder):
    photos = images(3)
    mean, std = (torch.tensor(value)[None, :, None, None] for value in (SPEC.mean, SPEC.std))
    wanted = tiny()((photos.float() / 255 - mean) / std)
    found = encoder(photos, torch.ones(SIDE, SIDE, dtype=torch.bool))
    torch.testing.assert_close(found, wanted)
    assert (found.dtype, encoder.dim, encoder.family) == (torch.float32, 16, "other")


@pytest.mark.parametrize("fill", ["black", "mean", "noise", "normalised_zero", "#204060"])
@pytest.mark.parametrize("geometry", ["center", "random_patches"])
def test_hidden_pixels_have_no_influence_beyond_the_fill(encoder, geometry, fill):
    mask = MaskSpec(geometry, 0.6, fill=fill, patch=8)
    photos, names = images(4), ["a", "b", 3, 4]
    seen = visible_of(mask, photos, names)
    seen = seen.expand(4, SIDE, SIDE)[:, None]
    others = torch.where(seen, photos, 255 - photos)
    found = embed_masked(encoder, photos, mask, names)
    assert torch.equal(found, embed_masked(encoder, others, mask, names))
    filled = torch.stack(
        [
            torch.from_numpy(
                flickrexif.imaging.apply(
                    photo.permute(1, 2, 0).numpy(), mask, name, normalisation=SPEC.normalisation
                )
            ).permute(2, 0, 1)
            for photo, name in zip(photos, names, strict=True)
        ]
    )
    torch.testing.assert_close(found, encoder(filled, torch.ones(SIDE, SIDE, dtype=torch.bool)))


def test_hidden_pixels_are_black_unless_a_fill_is_given(encoder):
    photos, seen = images(2), torch.zeros(SIDE, SIDE, dtype=torch.bool)
    everything = torch.ones(SIDE, SIDE, dtype=torch.bool)
    assert torch.equal(encoder(photos, seen), encoder(photos * 0, everything))
    grey = torch.full((1, 3, 1, 1), 9, dtype=torch.uint8)
    assert torch.equal(encoder(photos, seen, fill=grey), encoder(photos * 0 + 9, everything))


@settings(max_examples=10)
@given(ratio=st.floats(0, 1), seed=st.integers(0, 9))
def test_a_mask_twice_is_a_mask_once(ratio: float, seed: int):
    encoder = flickrexif.module_encoder(tiny(), SPEC, name="tiny")
    mask = MaskSpec("random_patches", ratio, patch=8, seed=seed)
    photos = images(1)
    once = flickrexif.imaging.apply(photos, mask, [1])
    assert torch.equal(
        embed_masked(encoder, photos, mask, [1]), embed_masked(encoder, once, mask, [1])
    )


def test_bfloat16_is_near_float32_and_leaves_the_module_as_it_is(encoder):
    module = tiny()
    half = flickrexif.module_encoder(module, SPEC, name="half", dtype="bfloat16")
    photos, seen = images(16), torch.ones(SIDE, SIDE, dtype=torch.bool)
    exact, near = encoder(photos, seen), half(photos, seen)
    assert near.dtype == torch.float32
    assert not torch.equal(exact, near)
    assert float(nn.functional.cosine_similarity(exact, near).min()) > 0.999
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    assert half.provenance["dtype"] == "bfloat16"


def test_the_hash_is_that_of_the_weights():
    first, same, other = (
        flickrexif.module_encoder(tiny(seed), SPEC, name="tiny").provenance["sha256"]
        for seed in (0, 0, 1)
    )
    assert first == same != other
    assert len(first) == 64


def test_it_is_put_into_evaluation_mode_and_keeps_no_gradient():
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5))
    encoder = flickrexif.module_encoder(module, SPEC, name="dropout")
    found = encoder(images(1), torch.ones(SIDE, SIDE, dtype=torch.bool))
    assert not module.training
    assert not found.requires_grad
    assert bool((found != 0).any(1).all())
    assert torch.equal(found, encoder(images(1), torch.ones(SIDE, SIDE, dtype=torch.bool)))


def test_another_size_than_it_takes_is_refused(encoder):
    with pytest.raises(UsageError, match=r"'tiny' takes 32 x 32 px, not 40 x 40"):
        encoder(images(1, 40), torch.ones(40, 40, dtype=torch.bool))


def test_a_module_of_any_size_takes_any():
    pooled = nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1))
    encoder = flickrexif.module_encoder(pooled, PreprocessSpec(), name="pooled")
    assert encoder.dim == 5
    for side in (16, 50):
        found = encoder(images(2, side), torch.ones(side, side, dtype=torch.bool))
        assert found.shape == (2, 5)


def test_a_module_that_gives_no_row_for_each_image_is_refused():
    with pytest.raises(UsageError, match=r"'maps' gives \(1, 3, 32, 32\) for 1 images"):
        flickrexif.module_encoder(nn.Identity(), SPEC, name="maps")


def test_an_unknown_dtype_is_refused():
    with pytest.raises(UsageError, match=r"unknown dtype 'float16'.*float32, bfloat16"):
        flickrexif.module_encoder(tiny(), SPEC, name="tiny", dtype="float16")


@pytest.mark.parametrize(
    "words", [{"crop": 0}, {"interpolation": "nearest"}, {"std": (0, 1, 1)}, {"mean": (2, 0, 0)}]
)
def test_a_preprocessing_that_does_not_fit_is_refused(words):
    with pytest.raises(UsageError):
        PreprocessSpec(**words)


def test_an_encoder_of_ones_own_can_be_probed(release, tmp_path):
    spec = PreprocessSpec(224)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 4))
    encoder = flickrexif.module_encoder(module, spec, name="mine", family="supervised")
    plan = flickrexif.ProbePlan((encoder,), attributes=("iso",), shuffles=1, resamples=100)
    report = flickrexif.probe(release, plan)
    (record,) = report.encoders
    assert (record.name, record.family, record.dim) == ("mine", "supervised", 4)
    assert record.provenance["sha256"] == encoder.provenance["sha256"]
