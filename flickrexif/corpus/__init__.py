"""The directory that a crawl fills: words, state, image shards."""

from flickrexif.corpus.layout import Corpus, CorpusStatus
from flickrexif.corpus.plan import CrawlPlan

__all__ = ["Corpus", "CorpusStatus", "CrawlPlan"]
