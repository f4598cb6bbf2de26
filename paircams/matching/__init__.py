"""Do two photos show one subject, and how does one map onto the other?

A cascade: ORB on small grey copies; where that does not pass, SIFT on larger ones; then ORB on the
mirrored photo. Each step fits a homography and passes only by its number of inliers, by how far
they are spread, and by a shape that a camera can make.
"""

from paircams.matching.cascade import Alignment, Look, align

__all__ = ["Alignment", "Look", "align"]
