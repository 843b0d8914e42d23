"""An arm in a browser: while its loop runs, from a record, or as one file that plays by itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
