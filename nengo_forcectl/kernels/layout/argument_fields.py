"""Arguments that `part.pack` packs for a kernel: each has a row of words."""

ARGUMENT = 4  # words: a whole number; or the address of an array, and its shape
