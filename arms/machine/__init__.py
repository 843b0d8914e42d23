"""From single operations to functions, independent of the operations' origin.

``Steps`` (eight operations) become scalar code and batch code (``llvm_text``, ``compile``; those of
a long arm in ``chunks``), a Python function (``python_function``), one of another framework
(``frameworks``), C (``c_text``) or a ``tape`` for a file. A ``Kernel`` is one request of an arm's
terms, compiled or loaded from the ``cache``. It is called from Python through ``python_entry``,
from numba through ``invoke``. A kernel's ``Steps`` are derived only if neither the cache nor a tape
has them. An algorithm with loops is plain Python, which ``translate`` makes into machine code,
loaded by ``routine``.

Kernels of control, and ``distances``, which they contain, are compiled by numba (``numba_kernel``,
``invoke``, ``memory``). As ``object_files``, they run without it.
"""
