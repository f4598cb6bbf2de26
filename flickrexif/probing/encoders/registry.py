"""Encoders by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.probing.encoders.catalogue import catalogue
from flickrexif.probing.encoders.pixels import PixelsEncoder
from flickrexif.probing.encoders.random_conv import RandomConvEncoder
from flickrexif.probing.encoders.residual import ResidualEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flickrexif.probing.devices import Dtype
    from flickrexif.probing.encoders.protocol import Encoder

ENCODERS: Mapping[str, Callable[[], Encoder]] = {
    "residual": ResidualEncoder,
    "pixels": PixelsEncoder,
    "random:conv": RandomConvEncoder,
}
"""What needs nothing but this package; they compute on the CPU, in float32."""

FORMS = ("random:ARCHITECTURE", "timm:MODEL[@FILE]", "transformers:FOLDER")


def encoder_named(name: str, *, device: str = "cpu", dtype: Dtype = "float32") -> Encoder:
    """The encoder of that name, ready on ``device``; its weights may be downloaded.

    ``name`` is one of `ENCODERS`; one of the catalogue, as ``clip:ViT-B-16``, or with weights of
    one's own as ``clip:ViT-B-16@FILE``; ``timm:MODEL``, by timm's name and tag, a folder or a
    repository, and ``timm:MODEL@FILE``; ``transformers:FOLDER`` or a repository;
    ``random:ARCHITECTURE``, one of timm's untrained. Raises `UsageError`, which lists what is known
    or says where weights were looked for.
    """
    if name in ENCODERS:
        return ENCODERS[name]()
    known, weights = _split(name)
    if known in catalogue():
        from flickrexif.probing.encoders import timm_models

        entry = catalogue()[known]
        return timm_models.catalogued(entry, name, weights=weights, device=device, dtype=dtype)
    kind, _, model = known.partition(":")
    if model and kind in {"timm", "random"}:
        from flickrexif.probing.encoders import timm_models

        if kind == "random" and weights is None:
            return timm_models.untrained(model, name, device=device, dtype=dtype)
        if kind == "timm":
            return timm_models.named(model, name, weights=weights, device=device, dtype=dtype)
    if model and kind == "transformers":
        from flickrexif.probing.encoders import transformers_models

        source = name.removeprefix("transformers:")
        return transformers_models.pretrained(source, name, device=device, dtype=dtype)
    raise UsageError(
        f"unknown encoder {name!r}; known are: {', '.join((*ENCODERS, *FORMS))}, "
        "and the published ones that `flickrexif encoders` lists"
    )


def _split(name: str) -> tuple[str, Path | None]:
    """A name and the file that its weights are to be read from; ``@`` may be part of a name."""
    if name in catalogue() or "@" not in name:
        return name, None
    known, _, file = name.rpartition("@")
    return known, Path(file)
