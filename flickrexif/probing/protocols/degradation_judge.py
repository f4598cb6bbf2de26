"""Who classifies in a degradation report: a classifier of one's own, or an encoder with a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from flickrexif.errors import UsageError
from flickrexif.imaging.image_set import read_images
from flickrexif.probing.protocols.head import fit_head
from flickrexif.probing.protocols.leak_splits import Labelled, deal
from flickrexif.probing.protocols.set_crops import batch_of, groups_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from flickrexif.imaging.image_place import Place
    from flickrexif.probing.controls import Labels
    from flickrexif.probing.embedding.forward import Forward
    from flickrexif.probing.protocols.set_crops import SoundCrops

    Classify = Callable[[Tensor], Tensor | NDArray[np.floating]]

SUM_TO_ONE_WITHIN = 1e-2
"""What probabilities of half precision, added up, may miss."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A classifier, and the places of the images that it is tested on."""

    name: str
    provenance: Mapping[str, Any]
    classes: tuple[str, ...]
    """What its columns stand for."""
    classify: Classify
    tested: Sequence[Place]
    fitted: Labels | None
    """The labels of what it was fitted to here; None for one that came as it is."""
    splits: str
    left_out: Mapping[str, str]

    def probabilities(self, images: Tensor) -> NDArray[np.float32]:
        """Of ``images`` (uint8, N x 3 x H x W): N x classes.

        Raises `ValueError` when the classifier gives anything but probabilities.
        """
        found = torch.as_tensor(self.classify(images)).float().cpu().numpy()
        wanted = (len(images), len(self.classes))
        if found.shape != wanted:
            raise ValueError(f"expected probabilities of shape {wanted}, got {found.shape}")
        sound = np.isfinite(found).all() and found.min() >= 0
        if not sound or np.abs(found.sum(axis=1) - 1).max() > SUM_TO_ONE_WITHIN:
            raise ValueError(
                "a classifier gives probabilities, 0 or more and 1 in sum for each image: "
                "did it give logits?"
            )
        return np.asarray(found, dtype=np.float32)


def given(classify: Classify, labelled: Sequence[Place], classes: tuple[str, ...]) -> Judge:
    """A classifier of one's own, tested on the set's test split, its validation split, or all.

    Raises `UsageError` for an image of a class that it does not know.
    """
    strange = sorted({str(place.label) for place in labelled} - set(classes))
    if strange:
        raise UsageError(
            f"class {strange[0]!r} of the images is none of the classifier's {len(classes)}: "
            "name its classes as the set does, in the order of its columns"
        )
    own = {place.split for place in labelled}
    split = next((split for split in ("test", "validation") if split in own), None)
    return Judge(
        name=f"classifier {getattr(classify, '__name__', type(classify).__name__)}",
        provenance={},
        classes=classes,
        classify=classify,
        tested=[place for place in labelled if split in (None, place.split)],
        fitted=None,
        splits="all images are tested" if split is None else f"the set's own {split} is tested",
        left_out={},
    )


def fitted(
    forward: Forward,
    labelled: Sequence[Place],
    classes: tuple[str, ...],
    *,
    crops: SoundCrops,
    seed: int,
) -> Judge:
    """A linear head on an encoder, fitted to the undegraded train and validation images.

    Splits are dealt as for a leak check (`flickrexif.probing.protocols.leak_splits.deal`). Raises
    `UsageError` where no train image of a class can be read.
    """
    dealt = deal([Labelled.of(place) for place in labelled], classes, seed=seed)
    attribute, encoder = dealt.attribute, forward.encoder
    train, validation, tested = (
        [labelled[at] for at in sorted(split.photo_ids.tolist())]
        for split in (attribute.train, attribute.validation, attribute.test)
    )
    crops.progress.start(f"embed by {encoder.name}", len(train) + len(validation), "images")
    seen, held = (
        _embedded(forward, places, attribute.classes, crops) for places in (train, validation)
    )
    crops.progress.close()
    _require_each(attribute.classes, seen[1])
    head = fit_head(seen, held, classes=len(attribute.classes))
    return Judge(
        name=f"encoder {encoder.name}",
        provenance={**encoder.provenance, "penalty": head.penalty},
        classes=attribute.classes,
        classify=lambda images: head.probabilities(forward(images, range(len(images)))),
        tested=tested,
        fitted=np.concatenate([seen[1], held[1]]),
        splits=dealt.how,
        left_out=dealt.left_out,
    )


def _require_each(classes: Sequence[str], labels: Labels) -> None:
    """A class whose images for the head were all unreadable would never be said."""
    lacking = sorted(set(range(len(classes))) - set(labels.tolist()))
    if lacking:
        raise UsageError(
            f"no train image of class {classes[lacking[0]]!r} can be read: mend or add some, or "
            "leave the class out"
        )


def _embedded(
    forward: Forward,
    places: Sequence[Place],
    classes: Sequence[str],
    crops: SoundCrops,
) -> tuple[Tensor, Labels]:
    vectors, labels = [], []
    for group in groups_of(crops(read_images(places)), forward.most):
        names = [image.name for image, _ in group]
        vectors.append(forward(batch_of([pixels for _, pixels in group]), names))
        labels += [classes.index(str(image.label)) for image, _ in group]
    if not vectors:
        raise UsageError("no image to fit the linear head to can be read: add images")
    return torch.cat(vectors), np.array(labels, dtype=np.int64)
