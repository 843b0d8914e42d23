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

# For `cycle/` alone, until its imports name the files.
from .arm_fields import NOT_FINITE as NOT_FINITE, NOTHING as NOTHING
from .body_fields import (
    MASS as MASS,
    MOMENT as MOMENT,
    PARAMETERS as PARAMETERS,
    XX as XX,
    YY as YY,
    ZZ as ZZ,
)
from .cycle_fields import (
    CONSOLIDATES as CONSOLIDATES,
    CYCLE as CYCLE,
    DESCENDS as DESCENDS,
    FIXED as FIXED,
    STRUCTURES as STRUCTURES,
    TOOL_LAW as TOOL_LAW,
)
from .learner_fields import FREEZE as FREEZE, HOLD as HOLD, LEARN as LEARN, NO_JOB as NO_JOB
from .network_fields import (
    DIRECT as DIRECT,
    DRY as DRY,
    FRICTION as FRICTION,
    OFFSET as OFFSET,
    ONE as ONE,
    PLACE as PLACE,
    TALLY_CYCLES as TALLY_CYCLES,
    TALLY_SPIKES as TALLY_SPIKES,
    VISCOUS as VISCOUS,
)
from .null_space_fields import POSTURE as POSTURE
from .regression_fields import JOINT_NEURONS as JOINT_NEURONS, REGRESSION as REGRESSION
from .structured_fields import STRUCTURED as STRUCTURED
