"""Our embedding against a plain loop of Pillow, DataLoader and model, by the same encoders.

Both read the same generated JPEG files, hide the same pixels and run the same modules with equal
threads; the plain loop goes through the files once for each encoder, as scripts do. On a CPU the
figure is images per CPU second of this process, on CUDA images per second. Rounds are interleaved,
the best of each is told, and beside it the share that the modules' products have of what one large
product of matrices reaches here. Run: python benchmarks/probe.py embed [--images 48 --device cpu]
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from flickrexif.imaging import MaskSpec
from flickrexif.imaging.mask import visible
from flickrexif.probing import EmbedPlan, PreprocessSpec
from flickrexif.probing.embedding.forward import full_precision
from flickrexif.probing.embedding.photos import photos_at
from flickrexif.probing.embedding.run import Embedded, embed
from flickrexif.probing.encoders import ModuleEncoder, encoder_named, module_encoder
from flickrexif.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MASK = MaskSpec()
HALF = (0.5, 0.5, 0.5)
CROPS = (224, 256, 336)
MATRIX = 2048


class PatchNetwork(nn.Module):
    """A small vision transformer, of torch alone."""

    def __init__(self, crop: int, patch: int = 32, dim: int = 192, layers: int = 4) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, patch, patch)
        self.places = nn.Parameter(torch.randn(1, (crop // patch) ** 2, dim) * 0.02)
        layer = nn.TransformerEncoderLayer(
            dim, 3, 4 * dim, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.patches(pixels).flatten(2).transpose(1, 2) + self.places
        found: Tensor = self.layers(tokens).mean(1)
        return found


class Files(Dataset[Tensor]):
    """Files as a script reads them: Pillow, floats, mask, normalisation, one after the other."""

    def __init__(self, files: Sequence[Path], spec: PreprocessSpec) -> None:
        self.files, self.spec = files, spec
        self.crop = spec.crop_or(224)
        self.seen = torch.from_numpy(visible(MASK, self.crop.size, self.crop.size).copy())

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> Tensor:
        with Image.open(self.files[place]) as opened:
            image = opened.convert("RGB")
        resized = image.resize(self.crop.scaled(*image.size), Image.Resampling.BICUBIC)
        left, top = self.crop.corner(*resized.size)
        size = self.crop.size
        cut = np.array(resized.crop((left, top, left + size, top + size)))
        pixels = torch.from_numpy(cut).permute(2, 0, 1).float() / 255 * self.seen
        mean, std = (torch.tensor(c)[:, None, None] for c in (self.spec.mean, self.spec.std))
        return (pixels - mean) / std


def plain(files: Sequence[Path], encoders: Sequence[ModuleEncoder], batch: int) -> list[Tensor]:
    found = []
    for encoder in encoders:
        half = encoder.dtype != "float32"
        parts = []
        for pixels in DataLoader(Files(files, encoder.preprocess), batch_size=batch):
            with (
                torch.inference_mode(),
                torch.autocast(encoder.device.type, torch.bfloat16, enabled=half),
            ):
                parts.append(encoder.module(pixels.to(encoder.device)).float().cpu())
        found.append(torch.cat(parts))
    return found


def ours(folder: Path, encoders: tuple[ModuleEncoder, ...], words: argparse.Namespace) -> Embedded:
    plan = EmbedPlan(
        encoders,
        mask=MASK,
        device=words.device,
        exact=words.exact,
        threads=words.threads,
        batch=words.batch,
    )
    return embed(photos_at(folder), plan, folder=None, progress=Silent())


def write_photos(folder: Path, count: int, side: int, seed: int) -> list[Path]:
    """JPEG files with detail at all scales, 3 : 2."""
    random = np.random.default_rng(seed)
    files = []
    for number in range(count):
        image = Image.fromarray(random.integers(0, 256, (24, 36, 3), dtype=np.uint8))
        scene = np.asarray(image.resize((side, side * 2 // 3), Image.Resampling.BICUBIC), float)
        noisy = np.clip(scene + random.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noisy).save(buffer, "JPEG", quality=87)
        files.append(folder / f"{number:05d}.jpg")
        files[-1].write_bytes(buffer.getvalue())
    return files


def encoders_of(words: argparse.Namespace) -> tuple[ModuleEncoder, ...]:
    kept = {"device": words.device, "dtype": words.dtype}
    named = [encoder_named(name, **kept) for name in words.encoder]
    if any(not isinstance(encoder, ModuleEncoder) for encoder in named):
        raise SystemExit("give encoders that are networks, such as clip:ViT-B-32")
    torch.manual_seed(words.seed)
    own = []
    for crop in CROPS:
        spec = PreprocessSpec(crop, "bicubic", HALF, HALF)
        own.append(module_encoder(PatchNetwork(crop), spec, name=f"{crop} px", **kept))
    return tuple(named or own)


def seconds(call: Callable[[], object], device: str) -> float:
    """CPU seconds of this process, or, where a GPU computes, seconds."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    started = clock()
    call()
    return clock() - started


def operations(encoders: Sequence[ModuleEncoder]) -> float:
    """Of one image through all: two for a multiplication with its addition."""
    total = 0.0
    for encoder in encoders:
        side = encoder.preprocess.crop_or(224).size
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            encoder.module(torch.zeros(1, 3, side, side, device=encoder.device))
        total += counter.get_total_flops()
    return total


def peak(words: argparse.Namespace) -> float:
    """Operations per second of a large product of matrices, in the precision of the encoders."""
    dtype = getattr(torch, words.dtype)
    one = torch.randn(MATRIX, MATRIX, device=words.device).to(dtype)

    def multiply() -> None:
        for _ in range(4):
            one @ one
        if words.device == "cuda":
            torch.cuda.synchronize()

    multiply()
    return 4 * 2 * MATRIX**3 / min(seconds(multiply, words.device) for _ in range(3))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--side", type=int, default=1024, help="pixels of the longer side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoder", action="append", default=[], help="not the three small ones")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--exact", action="store_true", help="our exact reader, Pillow's pixels")
    parser.add_argument("--seed", type=int, default=0)


def main(words: argparse.Namespace) -> None:
    torch.set_num_threads(words.threads)
    encoders = encoders_of(words)
    unit = "CPU second" if words.device == "cpu" else "second"
    where = "the CPU" if words.device == "cpu" else torch.cuda.get_device_name()
    with tempfile.TemporaryDirectory() as folder, full_precision():
        files = write_photos(Path(folder), words.images, words.side, words.seed)
        best_product = peak(words)
        print(f"{words.images} JPEG of {words.side} px, {words.dtype} on {where}")
        print(f"threads: {words.threads}; images per {unit}")
        print(f"{'encoders':>8}  {'plain':>8}  {'ours':>8}  ratio  of a product's speed")
        for count in dict.fromkeys((1, len(encoders))):
            slow, fast = rates(files, Path(folder), encoders[:count], words)
            share = operations(encoders[:count]) * fast / best_product
            print(f"{count:>8}  {slow:8.1f}  {fast:8.1f}  {fast / slow:5.2f}  {share:.0%}")
        differ = agreement(files, Path(folder), encoders, words)
        print(f"embeddings differ by {differ:.1e} of their length at most")


def rates(
    files: Sequence[Path],
    folder: Path,
    encoders: tuple[ModuleEncoder, ...],
    words: argparse.Namespace,
) -> tuple[float, float]:
    """Images per second of the plain loop and of ours, the best of the rounds."""
    slow, fast = [], []
    for _ in range(words.rounds):
        slow.append(seconds(lambda: plain(files, encoders, words.batch), words.device))
        fast.append(seconds(lambda: ours(folder, encoders, words), words.device))
    return len(files) / min(slow), len(files) / min(fast)


def agreement(
    files: Sequence[Path],
    folder: Path,
    encoders: tuple[ModuleEncoder, ...],
    words: argparse.Namespace,
) -> float:
    """The largest distance between the two ways' embeddings, over their length."""
    worst = 0.0
    made = ours(folder, encoders, words)
    names = {photo.name: photo.photo_id for photo in photos_at(folder)}
    ids = np.array([names[file.name] for file in files])
    for lane, wanted in zip(made.lanes, plain(files, encoders, words.batch), strict=True):
        found = lane.store.embeddings().of(ids)
        apart = (found - wanted).norm(dim=1) / wanted.norm(dim=1)
        worst = max(worst, float(apart.max()))
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    main(parser.parse_args())
