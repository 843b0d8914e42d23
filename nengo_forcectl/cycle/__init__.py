"""A control cycle, from the state of a robot to the torque that it gets.

`Blocks` calls parts in Python one after the other; `CompiledController` and `CompiledCycle` call
the same kernels in one go. `learning_cycle` makes the learning one for an arm. Nengo and NengoDL
are loaded with `learning_cycle` alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
