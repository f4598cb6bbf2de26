"""What is asked of an encoder besides the camera: processing, neighbours, pairs, degradation.

Each question is a plan (``*_plan``), a run under its own name, and a report (``*_report``,
``*_summary``) with its figure; `flickrexif.probing` has the functions that ask them.
"""
