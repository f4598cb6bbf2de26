"""Reports made of words alone: no encoder ran."""

from __future__ import annotations

from typing import Any

import numpy as np

from flickrexif.labels.attributes import attribute as attribute_named
from flickrexif.probing.reporting.predictions import Predictions
from flickrexif.probing.reporting.report import EncoderRecord, ProbeReport
from flickrexif.probing.result import AttributeResult


def encoder(name: str, family: str = "filters", **more: Any) -> EncoderRecord:
    words = {"dim": 8, "crop": 224, "hidden": 0.9, "provenance": {"weights": "none"}}
    return EncoderRecord(name=name, family=family, **(words | more))


def result(encoder: str, attribute: str, accuracy: float, **more: Any) -> AttributeResult:
    """An accuracy of 4 classes, 10 points either side."""
    words: dict[str, Any] = {
        "classes": 4,
        "train": 400,
        "validation": 40,
        "test": 80,
        "test_owners": 20,
        "low": accuracy - 0.1,
        "high": accuracy + 0.1,
        "balanced_accuracy": accuracy,
        "off_by_one": None,
        "off_by_one_chance": None,
        "chance": 0.25,
        "majority": 0.25,
        "shuffled": 0.26,
        "shuffled_error": 0.01,
        "size": 0.3,
        "colour": None,
        "penalty": 0.1,
        "validation_accuracy": accuracy,
        "confusion": ((2, 1, 1, 0),) * 4,
    }
    return AttributeResult(
        encoder=encoder, attribute=attribute, accuracy=accuracy, **(words | more)
    )


def report(
    encoders: tuple[EncoderRecord, ...], results: tuple[AttributeResult, ...], **more: Any
) -> ProbeReport:
    words: dict[str, Any] = {
        "release": "Told",
        "version": "1.0.0",
        "mask": {"geometry": "center", "ratio": 0.9, "fill": "black"},
        "solver": "lbfgs",
        "seed": 0,
        "photos": 520,
        "skipped": {},
        "classes": {one.attribute: tuple("abcd")[: one.classes] for one in results},
        "manifest_sha256": "0" * 64,
        "plan": {"penalties": (0.1, 1.0), "solver": "lbfgs"},
        "made_with": {"flickrexif": "0.1.0"},
    }
    return ProbeReport(encoders=encoders, results=results, **(words | more))


def published_result(encoder: str, attribute: str, accuracy: float) -> AttributeResult:
    """One of as many classes as the published attribute has."""
    classes = len(attribute_named(attribute).paper_classes)
    chance = dict.fromkeys(("chance", "majority", "shuffled"), 1 / classes)
    return result(encoder, attribute, accuracy, classes=classes, **chance)


def predictions(encoder: str, attribute: str, correct: list[bool], first: int = 1) -> Predictions:
    """Photos of 4 classes, four of an owner; what is not right is one class too high."""
    right = np.array(correct)
    labels = np.arange(len(right), dtype=np.int64) % 4
    return Predictions(
        encoder,
        attribute,
        photo_ids=first + np.arange(len(right), dtype=np.int64),
        owners=(np.arange(len(right)) // 4).astype(np.int32),
        labels=labels,
        predicted=np.where(right, labels, (labels + 1) % 4),
    )
