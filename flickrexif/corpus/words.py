"""The words in ``corpus.toml``: what a crawl was asked for, and a resume must repeat."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from flickrexif.corpus.plan import CrawlPlan
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

WORDS_FILE = "corpus.toml"
SCHEMA_VERSION = 2


def words_text(plan: CrawlPlan, endpoint: str) -> str:
    """The text of ``corpus.toml``."""
    words = {"schema_version": SCHEMA_VERSION, **_words(plan, endpoint)}
    lines = [f"{word} = {_toml(was)}" for word, was in words.items() if was is not None]
    return "\n".join(
        ["# What this corpus was asked to hold. A resume repeats these words.", *lines, ""]
    )


def _words(plan: CrawlPlan, endpoint: str) -> dict[str, object]:
    return {"endpoint": endpoint, **asdict(plan)}


def _toml(value: object) -> str:
    """A text, number or truth value as TOML writes it: as JSON, but for surrogates and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def words_json(plan: CrawlPlan, endpoint: str) -> str:
    """The words as the state of their corpus keeps them."""
    return json.dumps(_words(plan, endpoint), ensure_ascii=False)


def other_words(state: Path, made_with: str, words: str) -> UsageError:
    """The error for a ``state`` made with other words than those that lie beside it."""
    try:
        was, is_now = json.loads(made_with), json.loads(words)
        word = next(word for word in {**was, **is_now} if was.get(word) != is_now.get(word))
        told = f"{word}={was.get(word)!r}, {WORDS_FILE!r} beside it says {is_now.get(word)!r}"
    except (ValueError, TypeError, AttributeError, StopIteration):
        told = f"words that are not those in {WORDS_FILE!r} beside it"
    return UsageError(
        f"{str(state)!r} was made with {told}: restore the one that is another corpus's or was "
        "edited, or crawl into another folder"
    )


def read_words(file: Path) -> tuple[CrawlPlan, str]:
    """The plan and the endpoint that ``file`` tells; raises `UsageError` when it cannot be used."""
    try:
        words = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{str(file.parent)!r} is not a corpus (no {file.name}): make one with flickrexif crawl"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(
            f"{str(file)!r} cannot be read ({error}): restore it or crawl anew"
        ) from None
    return parse_words(words, file)


def parse_words(words: dict[str, Any], file: Path) -> tuple[CrawlPlan, str]:
    """The plan and the endpoint of decoded ``words``; ``file`` is for messages."""
    version = words.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"corpus {str(file.parent)!r} has schema_version {version!r}, "
            f"this is {SCHEMA_VERSION}: use the flickrexif that made it"
        )
    endpoint = words.pop("endpoint", None)
    unknown = set(words) - {field.name for field in fields(CrawlPlan)}
    if unknown or not isinstance(endpoint, str) or "months" not in words:
        raise _damaged(file, "words are missing or unknown")
    try:
        return CrawlPlan(**words), endpoint
    except (UsageError, TypeError, AttributeError) as error:  # the last two: a list for a text
        raise _damaged(file, error) from None


def _damaged(file: Path, why: object) -> UsageError:
    return UsageError(f"{str(file)!r} is damaged ({why}): restore it or crawl anew")
