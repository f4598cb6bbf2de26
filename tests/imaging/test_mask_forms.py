from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import (
    Crop,
    MaskSpec,
    Normalisation,
    apply,
    decode_rgb,
    masked_crop,
    resize_and_crop,
    visible,
)

torch = pytest.importorskip("torch")

CLIP = Normalisation((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

specs = st.builds(
    MaskSpec,
    geometry=st.sampled_from(["center", "border", "random_patches", "checkerboard"]),
    ratio=st.one_of(st.sampled_from([0, 1]), st.floats(0, 1)),
    fill=st.sampled_from(["black", "mean", "noise", "normalised_zero", "#12ab7f"]),
    patch=st.integers(1, 16),
    seed=st.integers(0, 9),
    align=st.sampled_from(["whole", "pixel"]),
)
normalisations = st.sampled_from([CLIP, IMAGENET, HALF])


def photos(seed: int, count: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def tensor(stack: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(stack).permute(0, 3, 1, 2)


@settings(deadline=None)
@given(specs, normalisations, st.integers(0, 99), st.integers(16, 40), st.integers(16, 40))
def test_all_forms_of_a_photo_are_masked_alike(spec, normalisation, seed, height, width):
    stack, names = photos(seed, 3, height, width), [7, "a photo", 2**40]
    one_by_one = [
        apply(pixels, spec, name, normalisation=normalisation)
        for pixels, name in zip(stack, names, strict=True)
    ]
    for pixels, name, masked in zip(stack, names, one_by_one, strict=True):
        image = apply(Image.fromarray(pixels), spec, name, normalisation=normalisation)
        assert np.array_equal(np.asarray(image), masked)
    batch = apply(tensor(stack), spec, names, normalisation=normalisation)
    assert batch.dtype == torch.uint8
    assert torch.equal(batch, tensor(np.stack(one_by_one)))
    floats = apply(normalisation(tensor(stack)), spec, names, normalisation=normalisation)
    if spec.fill == "normalised_zero":
        nearest = normalisation(batch)
        assert (floats - nearest).abs().max() <= 0.51 / 255 / min(normalisation.std)
        seen = torch.from_numpy(np.stack([visible(spec, height, width, name) for name in names]))
        assert not floats.masked_select(~seen[:, None].expand_as(floats)).any()
    else:
        assert torch.equal(floats, normalisation(batch))


def test_normalisation_is_undone_exactly():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).expand(1, 3, 16, 16)
    for normalisation in (CLIP, IMAGENET, HALF):
        assert torch.equal(normalisation.to_bytes(normalisation(levels)), levels.float())


def test_golden_normalised_zero():
    spec = MaskSpec(ratio=1, fill="normalised_zero")
    image = photos(0, 1, 2, 2)
    assert apply(image[0], spec, normalisation=CLIP)[0, 0].tolist() == [123, 117, 104]
    assert not apply(CLIP(tensor(image)), spec, [0], normalisation=CLIP).any()


def test_half_floats_stay_half_floats():
    images = IMAGENET(tensor(photos(0, 2, 32, 32)))
    masked = apply(images.half(), MaskSpec(), [1, 2], normalisation=IMAGENET)
    assert masked.dtype == torch.float16
    whole = apply(images, MaskSpec(), [1, 2], normalisation=IMAGENET)
    assert torch.equal(masked, whole.half())


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif("not torch.cuda.is_available()", reason="no CUDA device here"),
        ),
    ],
)
@pytest.mark.parametrize("fill", ["black", "mean", "noise", "normalised_zero", "#12ab7f"])
def test_a_batch_is_masked_where_it_lies(device, fill):
    spec = MaskSpec("random_patches", 0.75, fill=fill, patch=8)
    images = tensor(photos(3, 4, 64, 48))
    here = apply(images, spec, [1, 2, 3, 4], normalisation=CLIP)
    there = apply(images.to(device), spec, [1, 2, 3, 4], normalisation=CLIP)
    assert there.device.type == device
    assert torch.equal(there.cpu(), here)


def test_what_does_not_fit_is_refused_in_a_line():
    floats = CLIP(tensor(photos(0, 2, 32, 32)))
    with pytest.raises(UsageError, match="floats needs the encoder's normalisation"):
        apply(floats, MaskSpec(), [1, 2])
    with pytest.raises(UsageError, match="give its normalisation, or a colour"):
        apply(photos(0, 1, 32, 32)[0], MaskSpec(fill="normalised_zero"))
    with pytest.raises(ValueError, match="2 images need as many photo ids"):
        apply(floats, MaskSpec(), [1], normalisation=CLIP)
    with pytest.raises(ValueError, match="N x 3 x height x width"):
        apply(floats[0], MaskSpec(), [1, 2, 3], normalisation=CLIP)
    with pytest.raises(ValueError, match="int64"):
        apply(floats.long(), MaskSpec(), [1, 2])
    with pytest.raises(UsageError, match=r"mean .* is no colour"):
        Normalisation((123, 117, 104), (1, 1, 1))
    with pytest.raises(UsageError, match="std"):
        Normalisation((0.5, 0.5, 0.5), (0, 1, 1))


def test_after_the_crop_is_the_published_order():
    image = Image.fromarray(photos(0, 1, 90, 120)[0])
    expected = apply(resize_and_crop(image, 32), MaskSpec())
    assert masked_crop(image, Crop(32), MaskSpec()) == expected


def test_before_the_resize_the_photos_own_centre_square_is_masked():
    image = Image.fromarray(photos(0, 1, 96, 128)[0])
    spec = MaskSpec(ratio=0.25, fill="#ff0000", stage="pre_resize")
    pixels = np.array(image)
    pixels[24:72, 40:88] = (255, 0, 0)  # margins of 24 within the 96 px square that starts at 16
    expected = resize_and_crop(Image.fromarray(pixels), 32)
    masked = masked_crop(image, Crop(32), spec)
    assert masked == expected
    assert (np.asarray(masked)[10:22, 10:22] == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_mask_survives_storage(kind):
    image = Image.fromarray(photos(0, 1, 64, 64)[0])
    masked = apply(image, MaskSpec())
    buffer = io.BytesIO()
    masked.save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert decode_rgb(buffer.getvalue()) == masked
