"""How far do an encoder's features change when an object moves? One position after the other."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.imaging.decode import UnreadableImage
from flickrexif.probing.embedding.forward import full_precision
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols.shift_frames import Frames, frames_of, read_object
from flickrexif.probing.protocols.shift_report import ShiftMap
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.shift_plan import ShiftPlan
    from flickrexif.progress import Progress

    Embed = Callable[[Tensor], Tensor]


def run(
    embed: str | Embed,
    image: Path | Image.Image,
    plan: ShiftPlan,
    *,
    classify: Embed | None,
    progress: Progress,
) -> ShiftMap:
    """See `flickrexif.probing.shift_map`."""
    name, provenance, features = _named(embed, plan)
    subject, image = ("object", image) if isinstance(image, Image.Image) else _read(image)
    frames = frames_of(image, plan)
    similarity = np.empty(len(frames))
    classes = None if classify is None else np.empty(len(frames), dtype=np.int64)
    progress.start(f"embed by {name}", len(frames), "positions")
    done = 0
    with torch_threads(plan.threads), full_precision(), torch.inference_mode():
        centre = _embedded(features, _batch([frames.frame(0, 0)]))
        for batch in _batches(frames, plan.batch):
            place = slice(done, done + len(batch))
            similarity[place] = cosine(_embedded(features, batch), centre).numpy()
            if classify is not None and classes is not None:
                classes[place] = _classes(classify, batch)
            done += len(batch)
            progress.advance(len(batch))
    progress.close()
    shape = (len(frames.dy), len(frames.dx))
    return ShiftMap(
        subject=subject,
        size=image.size,
        encoder=name,
        provenance=provenance,
        plan=plan,
        dy=frames.dy,
        dx=frames.dx,
        similarity=similarity.reshape(shape),
        classes=None if classes is None else classes.reshape(shape),
    )


def seeing_all(encoder: Encoder) -> Embed:
    """``encoder`` as a function of images (uint8, N x 3 x H x W) of which nothing is hidden."""
    return lambda images: encoder(images, torch.ones(images.shape[-2:], dtype=torch.bool))


def cosine(vectors: Tensor, centre: Tensor) -> Tensor:
    """Cosine similarities (N) of ``vectors`` (float64, N x D) to ``centre`` (1 x D).

    Equal vectors have exactly 1, be they zero; a vector of zeros has 0 with any other.
    """
    norms = vectors.norm(dim=1) * centre.norm()
    angle = (vectors * centre).sum(1) / norms.clamp_min(torch.finfo(torch.float64).tiny)
    return torch.where((vectors == centre).all(1), 1.0, angle.clamp(-1, 1))


def _named(embed: str | Embed, plan: ShiftPlan) -> tuple[str, Mapping[str, str], Embed]:
    if isinstance(embed, str):
        encoder = encoder_named(embed, device=device_named(plan.device), dtype=plan.dtype)
        return encoder.name, encoder.provenance, seeing_all(encoder)
    return str(getattr(embed, "__name__", type(embed).__name__)), {}, embed


def _read(path: Path) -> tuple[str, Image.Image]:
    try:
        return path.name, read_object(path.read_bytes())
    except (OSError, UnreadableImage) as error:
        raise UsageError(f"{str(path)!r} is no readable image ({error}): name another") from error


def _batches(frames: Frames, size: int) -> Iterator[Tensor]:
    offsets = frames.offsets()
    while group := list(islice(offsets, size)):
        yield _batch([frames.frame(dy, dx) for dy, dx in group])


def _batch(planes: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> Tensor:
    return torch.from_numpy(np.stack(planes))


def _embedded(embed: Embed, batch: Tensor) -> Tensor:
    """float64 N x D; features of any other shape are flattened."""
    found = torch.as_tensor(embed(batch))
    if found.ndim < 2 or len(found) != len(batch):
        raise ValueError(
            f"{len(batch)} images need as many rows of features, got {tuple(found.shape)}"
        )
    vectors = found.flatten(1).double().cpu()
    if not bool(torch.isfinite(vectors).all()):
        raise UsageError("the encoder gives features that are no finite numbers: use another")
    return vectors


def _classes(classify: Embed, batch: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    found = torch.as_tensor(classify(batch))
    if found.shape != (len(batch),) or found.is_floating_point():
        raise ValueError(
            f"a classifier gives a whole number to each of {len(batch)} images, got {found.dtype} "
            f"of shape {tuple(found.shape)}"
        )
    return found.cpu().numpy().astype(np.int64)
