"""What the command line does, callable from Python: settings in, data out, nothing printed.

``run_reach(ReachSettings(passes=2))`` is ``nengo-forcectl reach --passes 2``. Each job takes its
settings and a `Watch` that is called as it goes on; it leaves a run folder and returns what it
holds. `Rival` and `Tip` are the controllers and the tips by name.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
