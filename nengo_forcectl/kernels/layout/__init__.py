"""The name of every field that a kernel reads or writes, one file for each kind of block.

Compiled code gets a block's address and a field's place (`access`). Each constant is the place of
one field; its comment gives the unit. Beside the blocks stand the codes that they hold: kinds,
modes, findings, places in a vector.

A new block goes to the file of the part that it belongs to. Kernels know a field by its name alone,
so it can be added anywhere in its block, except inside the spans of fields that `access.span` and
`Block.between` treat as one.

Import names from the file that states them. A kernel that reads many fields of one file imports
that file as ``at``, and a second one as ``arm_at``, ``watch_at`` and so on.
"""
