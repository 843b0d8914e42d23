"""The blocks of a control cycle as machine code, and the cycle that is made of them.

Each does what its plain counterpart does, on arrays that are there already. numba compiles them
once for arms and networks of any size and keeps the code on disk.
"""
