"""Our embedding against a plain loop of Pillow, DataLoader and model, by the same encoders.

    python benchmarks/probe.py embed                           three small networks on the CPU
    python benchmarks/probe.py embed --network vit-b-16 --device cuda:0 --dtype bfloat16 \\
        --images 4096 --batch 256 --threads 16 --workers 16    the shape of ViT-B/16, no weights
    python benchmarks/probe.py embed --encoder clip:ViT-B-16 --device cuda:0,cuda:1

Both read the same generated JPEG files, hide the same pixels and run the same modules with equal
threads; the plain loop goes through the files once for each encoder, as scripts do, on the first
device. On a CPU the figure is images per CPU second of this process, on CUDA images per second.
Rounds are interleaved, the best of each is told. ``alone`` is the encoders over images that are on
the device already. Beside ours and alone stands the share that the modules' products have of what
one large product of matrices reaches on the device in the same run and precision. With bfloat16 the
cosine of each embedding to that of float32 is told.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from probe_device import name_of, product_speed, seconds
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cosine_similarity
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from flickrexif.imaging import MaskSpec
from flickrexif.imaging.mask import visible
from flickrexif.probing import EmbedPlan, PreprocessSpec
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.embedding.photos import photos_at
from flickrexif.probing.embedding.run import Embedded, embed
from flickrexif.probing.encoders import ModuleEncoder, encoder_named, module_encoder
from flickrexif.probing.placing import devices_named
from flickrexif.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Sequence

MASK = MaskSpec()
HALF = (0.5, 0.5, 0.5)
CROPS = (224, 256, 336)
SCENES = 64


class PatchNetwork(nn.Module):
    """A vision transformer, of torch alone; its mean token is the embedding."""

    def __init__(self, crop: int, *, patch: int, dim: int, layers: int, heads: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, patch, patch)
        self.places = nn.Parameter(torch.randn(1, (crop // patch) ** 2, dim) * 0.02)
        layer = nn.TransformerEncoderLayer(
            dim, heads, 4 * dim, 0.0, "gelu", batch_first=True, norm_first=True
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


@dataclass(frozen=True, slots=True)
class Bench:
    """The files, the encoders and the words of one run."""

    folder: Path
    files: Sequence[Path]
    encoders: tuple[ModuleEncoder, ...]
    words: argparse.Namespace

    @property
    def device(self) -> str:
        """The first."""
        return devices_named(self.words.device)[0]

    def plain(self) -> list[Tensor]:
        """By a script's loop, the rows in the order of the files."""
        words = {"batch_size": self.words.batch, "num_workers": self.words.workers}
        found = []
        for encoder in self.encoders:
            kind, half = encoder.device.type, encoder.dtype != "float32"
            files, parts = Files(self.files, encoder.preprocess), []
            for pixels in DataLoader(files, **words, pin_memory=kind == "cuda"):
                with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=half):
                    shown = pixels.to(encoder.device, non_blocking=True)
                    parts.append(encoder.module(shown).float().cpu())
            found.append(torch.cat(parts))
        return found

    def ours(self) -> Embedded:
        """By this package, kept in memory."""
        plan = EmbedPlan(
            self.encoders,
            mask=MASK,
            device=self.words.device,
            exact=self.words.exact,
            threads=self.words.threads,
            batch=self.words.batch,
        )
        return embed(photos_at(self.folder), plan, folder=None, progress=Silent())

    def rates(self) -> tuple[float, float]:
        """Images per second of the plain loop and of ours, the best of the rounds."""
        slow, fast = [], []
        for _ in range(self.words.rounds):
            slow.append(seconds(self.plain, self.device))
            fast.append(seconds(self.ours, self.device))
        return len(self.files) / min(slow), len(self.files) / min(fast)

    def alone(self) -> float:
        """Images per second through all encoders, on one device that has the images already."""
        count, total = min(self.words.batch, len(self.files)), 0.0
        for encoder in self.encoders:
            side = encoder.preprocess.crop_or(224).size
            shape = count, 3, side, side
            images = torch.randint(256, shape, dtype=torch.uint8, device=encoder.device)
            call = partial(Forward(encoder, MASK, count), images, list(range(count)))
            rounds = range(self.words.rounds + 1)  # the first of a shape is slower
            total += min(seconds(call, self.device) for _ in rounds)
        return count / total

    def operations(self) -> float:
        """Of one image through all encoders: two for a multiplication with its addition.

        Counted without the fused forms of attention, of which not all are known to the counter.
        """
        total = 0.0
        torch.backends.mha.set_fastpath_enabled(False)
        for encoder in self.encoders:
            side = encoder.preprocess.crop_or(224).size
            black = torch.zeros(1, 3, side, side, device=encoder.device)
            with (
                FlopCounterMode(display=False) as counter,
                sdpa_kernel(SDPBackend.MATH),
                torch.no_grad(),
            ):
                encoder.module(black)
            total += counter.get_total_flops()
        torch.backends.mha.set_fastpath_enabled(True)
        return total

    def vectors(self) -> list[Tensor]:
        """Ours, the rows in the order of the files."""
        names = {photo.name: photo.photo_id for photo in photos_at(self.folder)}
        ids = np.array([names[file.name] for file in self.files])
        return [lane.store.embeddings().of(ids) for lane in self.ours().lanes]

    def differences(self) -> float:
        """The largest distance between the two ways' embeddings, over their length."""
        pairs = zip(self.vectors(), self.plain(), strict=True)
        apart = [((own - other).norm(dim=1) / other.norm(dim=1)).max() for own, other in pairs]
        return float(max(apart))

    def cosines(self) -> Tensor:
        """Of each embedding to that of the same encoder in float32: encoders x images."""
        single = tuple(replace(encoder, dtype="float32") for encoder in self.encoders)
        wanted = replace(self, encoders=single).vectors()
        pairs = zip(self.vectors(), wanted, strict=True)
        return torch.stack([cosine_similarity(half, full) for half, full in pairs])


def write_photos(folder: Path, count: int, side: int, seed: int) -> list[Path]:
    """JPEG files with detail at all scales, 3 : 2; the first `SCENES` differ, and come again."""
    random = np.random.default_rng(seed)
    files = [folder / f"{number:05d}.jpg" for number in range(count)]
    for first in range(min(count, SCENES)):
        image = Image.fromarray(random.integers(0, 256, (24, 36, 3), dtype=np.uint8))
        scene = np.asarray(image.resize((side, side * 2 // 3), Image.Resampling.BICUBIC), float)
        noisy = np.clip(scene + random.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noisy).save(buffer, "JPEG", quality=87)
        for file in files[first::SCENES]:
            file.write_bytes(buffer.getvalue())
    return files


def encoders_of(words: argparse.Namespace) -> tuple[ModuleEncoder, ...]:
    """Those that are named, else networks with random weights, on the first device."""
    kept = {"device": devices_named(words.device)[0], "dtype": words.dtype}
    named = [encoder_named(name, **kept) for name in words.encoder]
    if any(not isinstance(encoder, ModuleEncoder) for encoder in named):
        raise SystemExit("give encoders that are networks, such as clip:ViT-B-32")
    if named:
        return tuple(named)
    torch.manual_seed(words.seed)
    shape = {"patch": 32, "dim": 192, "layers": 4, "heads": 3}
    if words.network == "vit-b-16":
        shape = {"patch": 16, "dim": 768, "layers": 12, "heads": 12}
    own = []
    for crop in CROPS if words.network == "small" else CROPS[:1]:
        spec = PreprocessSpec(crop, "bicubic", HALF, HALF)
        network = PatchNetwork(crop, **shape)
        own.append(module_encoder(network, spec, name=f"{words.network} {crop} px", **kept))
    return tuple(own)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--side", type=int, default=1024, help="pixels of the longer side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoder", action="append", default=[], help="not a network of our own")
    parser.add_argument("--network", choices=("small", "vit-b-16"), default="small")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, or several: cuda:0,cuda:1")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes of the plain loop")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--exact", action="store_true", help="our exact reader, Pillow's pixels")
    parser.add_argument("--seed", type=int, default=0)


def main(words: argparse.Namespace) -> None:
    torch.set_num_threads(words.threads)
    devices = devices_named(words.device)
    on_cpu = devices[0] == "cpu"
    if on_cpu and words.workers:
        raise SystemExit("on the CPU seconds are those of this process alone: take --workers 0")
    encoders = encoders_of(words)
    with tempfile.TemporaryDirectory() as folder, full_precision():
        files = write_photos(Path(folder), words.images, words.side, words.seed)
        whole = Bench(Path(folder), files, encoders, words)
        product = product_speed(devices[0], words.dtype)
        where = ", ".join(map(name_of, devices))
        print(f"{words.images} JPEG of {words.side} px, {words.dtype} on {where}")
        print(f"threads: {words.threads}; images per {'CPU second' if on_cpu else 'second'}")
        print(f"a product of matrices: {product / 1e12:.3g} TFLOP/s, of which % stands in brackets")
        print(f"{'encoders':>8}  {'plain':>8}  {'ours':>14}  ratio  {'alone, one device':>18}")
        for count in dict.fromkeys((1, len(encoders))):
            bench = replace(whole, encoders=encoders[:count])
            slow, fast, alone = *bench.rates(), bench.alone()
            share = bench.operations() / product
            ours = f"{fast:.1f} ({share * fast / (1 if on_cpu else len(devices)):.0%})"
            print(
                f"{count:>8}  {slow:8.1f}  {ours:>14}  {fast / slow:5.2f}  "
                f"{f'{alone:.1f} ({share * alone:.0%})':>18}",
                flush=True,
            )
        print(f"embeddings differ by {whole.differences():.1e} of their length at most")
        if words.dtype != "float32":
            cosines = whole.cosines()
            told = f"mean {cosines.mean():.6f}, least {cosines.min():.6f}"
            print(f"cosine of {words.dtype} to float32: {told}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    main(parser.parse_args())
