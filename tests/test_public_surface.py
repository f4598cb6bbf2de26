"""What ``import flickrexif`` promises: few names, sorted, documented, imported when first used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import flickrexif


def test_the_names_are_sorted_and_told_once() -> None:
    assert flickrexif.__all__ == sorted(set(flickrexif.__all__))


def test_dir_lists_the_public_names_alone() -> None:
    assert dir(flickrexif) == flickrexif.__all__


def test_no_name_is_missing_and_none_is_too_many() -> None:
    assert set(flickrexif.__all__) == {*flickrexif._ROOMS, "__version__"}


@pytest.mark.parametrize("name", flickrexif.__all__)
def test_each_name_can_be_imported(name: str) -> None:
    found: dict[str, object] = {}
    exec(f"from flickrexif import {name}", found)
    assert found[name] is getattr(flickrexif, name)


@pytest.mark.parametrize("name", sorted(flickrexif._ROOMS))
def test_each_name_is_public_in_its_room_and_keeps_it(name: str) -> None:
    room = import_module(f"flickrexif.{flickrexif._ROOMS[name]}")
    assert getattr(room, name) is getattr(flickrexif, name)
    assert getattr(flickrexif, name).__name__ == name
    if hasattr(room, "__all__"):
        assert name in room.__all__


@pytest.mark.parametrize("name", sorted(flickrexif._ROOMS))
def test_each_name_has_a_docstring_of_its_own(name: str) -> None:
    told = inspect.getdoc(getattr(flickrexif, name)) or ""
    assert told.split()
    assert not told.startswith(f"{name}("), "a dataclass's generated docstring tells nothing"


@pytest.mark.parametrize("name", sorted(flickrexif._ROOMS))
def test_public_methods_have_docstrings(name: str) -> None:
    value = getattr(flickrexif, name)
    members = vars(value).items() if inspect.isclass(value) else ()
    bare = [
        member
        for member, found in members
        if not member.startswith("_")
        and (inspect.isroutine(found) or isinstance(found, property | classmethod))
        and not inspect.getdoc(found)
    ]
    assert bare == []


def test_an_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'flickrexif' has no attribute 'nonsense'"):
        _ = flickrexif.nonsense


def test_star_import_gives_all_of_them() -> None:
    found: dict[str, object] = {}
    exec("from flickrexif import *", found)
    assert set(flickrexif.__all__) <= set(found)


def test_the_version_is_three_numbers() -> None:
    assert [part.isdigit() for part in flickrexif.__version__.split(".")] == [True] * 3


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'datasets', 'httpx', 'numpy', 'PIL', 'polars', 'pyarrow', 'torch'}"
    code = f"import sys, flickrexif; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
