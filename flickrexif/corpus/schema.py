"""The Arrow schemas of a corpus's files; every other room reads them from here."""

from __future__ import annotations

import pyarrow as pa

IMAGES = pa.schema(
    [
        pa.field("photo_id", pa.int64(), nullable=False),
        pa.field("image", pa.large_binary(), nullable=False),  # as fetched, never re-encoded
        pa.field("sha256", pa.string(), nullable=False),  # of ``image``, lower-case hex
        pa.field("width", pa.int32(), nullable=False),  # pixels, as stored
        pa.field("height", pa.int32(), nullable=False),
        pa.field("mime", pa.string(), nullable=False),
    ]
)
"""One row per image in ``images/<month>-<index>.parquet``, sorted by photo_id."""

PHOTOS = pa.schema(
    [
        pa.field("photo_id", pa.int64(), nullable=False),
        pa.field("page_url", pa.string(), nullable=False),
        pa.field("owner_id", pa.string(), nullable=False),
        pa.field("owner_name", pa.string()),
        pa.field("license_id", pa.int16(), nullable=False),
        pa.field("license", pa.string(), nullable=False),  # SPDX id, or LicenseRef-...
        pa.field("license_url", pa.string(), nullable=False),
        pa.field("taken_at", pa.timestamp("s")),  # the camera's clock; null when unknown
        pa.field("uploaded_at", pa.timestamp("s", tz="UTC")),  # null in an imported corpus
        pa.field("month", pa.string()),  # YYYY-MM of taken_at, as crawled; null like the above
        pa.field("image_url", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("sha256", pa.string()),
        pa.field("duplicate_of", pa.int64()),  # the first photo with the same bytes; else null
        pa.field("exif_source", pa.string(), nullable=False),  # api | file
        # As Flickr prints them.
        pa.field("make", pa.string()),
        pa.field("model", pa.string()),
        pa.field("exposure", pa.string()),
        pa.field("aperture", pa.string()),
        pa.field("iso_speed", pa.string()),
        pa.field("focal_length", pa.string()),
        pa.field("flash", pa.string()),
        # Exact where the source was exact, parsed from the print elsewhere.
        pa.field("exposure_seconds", pa.float64()),
        pa.field("f_number", pa.float64()),
        pa.field("iso", pa.int32()),
        pa.field("focal_length_mm", pa.float64()),
        pa.field("focal_length_35mm", pa.int32()),
        # Derived.
        pa.field("make_canonical", pa.string()),
        pa.field("model_canonical", pa.string()),
        pa.field("is_smartphone", pa.bool_()),  # three-valued: null is unknown
        pa.field("year", pa.int16()),
        # Trace facts of the fetched file.
        pa.field("jpeg_quality", pa.int16()),  # libjpeg's whose tables are nearest
        pa.field("jpeg_quality_exact", pa.bool_()),  # whether the tables are that quality's
        pa.field("jpeg_quality_residual", pa.float64()),  # steps, mean absolute; 0 when exact
        pa.field("jpeg_tables", pa.string()),  # a hash of the tables
        pa.field("double_compressed", pa.bool_()),  # three-valued: null is not examined
        pa.field("jpeg_first_quality", pa.int16()),  # an estimate, where double_compressed
        pa.field("chroma_subsampling", pa.string()),
        pa.field("icc_profile", pa.string()),
        pa.field("bit_depth", pa.int16()),
    ]
)
"""One row per accepted photo in ``photos.parquet``, sorted by photo_id."""

LABELS = pa.schema(
    [
        pa.field("attribute", pa.string(), nullable=False),  # a name of the attribute table
        pa.field("photo_id", pa.int64(), nullable=False),
        pa.field("label", pa.string(), nullable=False),  # the class, as a string
        pa.field("split", pa.string(), nullable=False),  # train | validation | test
    ]
)
"""One row per photo that an attribute's splits use, in ``labels.parquet``."""
