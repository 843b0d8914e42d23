"""From an arm to the operations that compute its terms, through Sympy.

``derive`` writes the terms of a ``Request`` on an arm's ``Bodies`` into a ``Program``: assignments
of Sympy expressions to names. ``kinematics`` gives pose and Jacobians, ``dynamics`` M, C and g,
``newton_euler`` inverse dynamics and its regressor, ``factors`` what takes M^-1, ``gradients``
derivatives, ``energy`` energies and the centre of mass. ``program.lower`` turns a
``Program`` into ``Steps``, which ``arms.machine`` makes into scalar code, batch code, Python or a
tape. ``symbolic`` substitutes a program's names to give matrices for a reader.
"""
