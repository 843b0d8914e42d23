"""All arithmetic of a control cycle, compiled: one statement of each law.

The functions here work on arrays that are there already; they allocate nothing and raise nothing.
`layout` has the name of every place in every array.
"""
