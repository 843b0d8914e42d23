"""Tools for NengoDL networks: named weights, Jacobians, and a custom learning loop.

The package is independent of arms and works with any ``nengo_dl.Simulator``. Nengo is imported with
the first of these names, TensorFlow with the first call of a function.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
