"""Names for the types of the arrays that the packages hand to each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: Probabilities, Shapley values, weights.
Floats = npt.NDArray[np.float64]

#: Counts, points, labels.
Ints = npt.NDArray[np.int64]

#: Nodes of a forest, half as large.
SmallInts = npt.NDArray[np.int32]

#: Where something stands in another array.
Indices = npt.NDArray[np.intp]

Flags = npt.NDArray[np.bool_]

#: Bits packed into numbers: one bitmask per leaf.
Bitmasks = npt.NDArray[np.unsignedinteger]

#: Encoded applicants, of shape (n_applicants, n_fields), in the forest's single precision.
Matrix = npt.NDArray[np.float32]
