"""From poses to postures: inverse kinematics.

``search`` is what a program calls, and the rest its arithmetic, from ``starts`` down to
``squares``; ``places`` names the places in the buffers.
"""
