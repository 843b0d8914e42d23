"""NengoDL networks by the weight: named weights, Jacobians, and a learning loop of your own.

There is no arm in it: it works with any ``nengo_dl.Simulator``. Nengo is imported with the first of
these names, TensorFlow when one of the functions is called.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
