"""Encoders: images to embeddings, by name or out of a torch module."""

from __future__ import annotations

from flickrexif.probing.encoders.masked import embed_masked
from flickrexif.probing.encoders.module import ModuleEncoder, module_encoder
from flickrexif.probing.encoders.protocol import Encoder
from flickrexif.probing.encoders.registry import ENCODERS, encoder_named
from flickrexif.probing.preprocess import PreprocessSpec

__all__ = [
    "ENCODERS",
    "Encoder",
    "ModuleEncoder",
    "PreprocessSpec",
    "embed_masked",
    "encoder_named",
    "module_encoder",
]
