"""A control cycle, from the state of a robot to the torque that it gets.

`Blocks` calls its parts one by one from Python; `CompiledController` and `CompiledCycle` run the
same kernels in one compiled call. `learning_cycle` builds the cycle of a `StructuredLearner` for an
arm, `consolidating_cycle` that of a network of neurons; only the latter loads Nengo and NengoDL.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
