"""How exiftool, and so Flickr, prints the values of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flickrexif.sandbox.photos import Rational

FLASH_WORDS = {
    0x00: "No Flash",
    0x01: "Fired",
    0x09: "On, Fired",
    0x10: "Off, Did not fire",
    0x18: "Auto, Did not fire",
    0x19: "Auto, Fired",
}
ORIENTATION_WORDS = {1: "Horizontal (normal)", 6: "Rotate 90 CW", 8: "Rotate 270 CW"}
PROGRAM_WORDS = {1: "Manual", 2: "Program AE", 3: "Aperture-priority AE"}
METERING_WORDS = {2: "Center-weighted average", 3: "Spot", 5: "Multi-segment"}
SHORT_EXPOSURE_S = 0.25001


def print_exposure(value: Rational) -> str:
    """Return ``1/60`` for exposures up to a quarter second, else seconds (``0.3``, ``2``)."""
    seconds = float(f"{value[0] / value[1]:.10g}")
    if 0 < seconds < SHORT_EXPOSURE_S:
        return f"1/{int(0.5 + 1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def print_exposure_clean(value: Rational) -> str:
    """Return Flickr's own wording, ``0.017 sec (1/60)``."""
    return f"{round(value[0] / value[1], 3):g} sec ({print_exposure(value)})"


def print_f_number(value: Rational) -> str:
    """Return one decimal, two below 1."""
    number = value[0] / value[1]
    return f"{number:.2f}" if number < 1 else f"{number:.1f}"


def print_focal_length(value: Rational) -> str:
    """Return millimetres with one decimal: ``4.3 mm`` for 4.25 mm as well as for 4.32 mm."""
    return f"{value[0] / value[1]:.1f} mm"


def print_focal_length_clean(value: Rational) -> str | None:
    """Return ``28 mm``, or None where the printed length is not whole: Flickr then gives none."""
    whole, _, rest = print_focal_length(value).partition(".")
    return f"{whole} mm" if rest == "0 mm" else None


def print_degrees(value: float) -> str:
    """Return ``52 deg 30' 12.34"``, without a sign."""
    degrees, minutes, hundredths = degrees_minutes_hundredths(value)
    return f"{degrees} deg {minutes}' {hundredths / 100:.2f}\""


def degrees_minutes_hundredths(value: float) -> tuple[int, int, int]:
    """Return an angle's whole degrees, whole minutes and hundredths of a second, without a sign."""
    hundredths = round(abs(value) * 360_000)
    degrees, rest = divmod(hundredths, 360_000)
    return degrees, *divmod(rest, 6000)
