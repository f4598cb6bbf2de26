"""torchvision without its compiled operators, where its build is not torch's.

The wheels of torchvision are built for CUDA; beside a CPU build of torch they cannot be imported,
and timm needs them to be. Nothing of torchvision is used, so naming its operators suffices.
"""

from __future__ import annotations

import torch

_KEPT: list[torch.library.Library] = []
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def name_torchvision_ops() -> None:
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(name + _SIGNATURE)
        _KEPT.append(library)  # operators live as long as their library
    except ImportError:
        pass
