"""The errors that a network of the arm's state can learn from; see `NetworkAdaptation`."""

from typing import Literal, get_args

LearnFrom = Literal["joint", "task", "prediction"]
LEARN_FROM: tuple[LearnFrom, ...] = get_args(LearnFrom)
