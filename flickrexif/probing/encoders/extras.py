"""Libraries of encoders, which are extras of this package."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

from flickrexif.errors import UsageError


def import_extra(package: str) -> Any:
    """Import ``package``, whose extra has its name; `UsageError` with the remedy when it fails."""
    try:
        return import_module(package)
    except (ImportError, RuntimeError) as error:
        raise import_failure(package, error) from error


def import_failure(package: str, error: BaseException) -> UsageError:
    """What helps against ``error``.

    A torchvision of another build than torch fails with a RuntimeError, "operator torchvision::nms
    does not exist", whoever imports it.
    """
    if "torchvision::" in str(error):
        return UsageError(
            f"{package} cannot be imported ({error}): torchvision is of another build than torch "
            f"{torch.__version__}; install both from one index, "
            "as PyTorch's install page has it: pip install torch torchvision --index-url ..."
        )
    return UsageError(
        f"this encoder needs {package}, which cannot be imported ({error}); "
        f'pip install "flickrexif[{package}]"'
    )
