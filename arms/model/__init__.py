"""Arms as data: links, joints, masses and frames.

A ``Chain`` (links, joints, gravity) comes from a URDF, a Denavit-Hartenberg table, the catalogue or
Python. ``tree`` orders it and fixes joints, ``attach`` adds tools and payloads, ``bodies`` lumps it
into the ``Bodies`` that the equations read, ``description`` gives its joints, limits and parameters
by name. ``terms`` lists what can be computed for an arm, and a ``Request`` selects from it.
"""
