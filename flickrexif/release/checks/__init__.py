"""The rules of `flickrexif.release.verify`, by what they look at."""
