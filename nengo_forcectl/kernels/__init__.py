"""The compiled arithmetic of a control cycle: one statement of each law.

The functions work on existing arrays; they allocate nothing and raise nothing. `layout` names every
field of every array.
"""
