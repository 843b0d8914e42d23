"""The public names, and where each lives."""

from .blocks import Blocks as Blocks
from .compiled import CompiledController as CompiledController
from .compiled_learning import (
    CompiledCycle as CompiledCycle,
    CompiledGradientCycle as CompiledGradientCycle,
)
from .consolidating_learner import (
    ConsolidatingLearning as ConsolidatingLearning,
    consolidating_adaptation as consolidating_adaptation,
    consolidating_cycle as consolidating_cycle,
    robust_posture as robust_posture,
)
from .findings import (
    Learned as Learned,
    LearnedFriction as LearnedFriction,
    LearnedNumbers as LearnedNumbers,
    LearnedPayload as LearnedPayload,
    LearnedRipple as LearnedRipple,
    LearnedTool as LearnedTool,
)
from .landing import Descent as Descent, Landing as Landing
from .learner_start import LearnerStart as LearnerStart
from .structured_blocks import (
    StructuredAdaptation as StructuredAdaptation,
    StructuredBlocks as StructuredBlocks,
)
from .structured_cycle import (
    StructuredCycle as StructuredCycle,
    StructuredLearning as StructuredLearning,
    learning_cycle as learning_cycle,
)
from .structured_design import StructuredDesign as StructuredDesign
from .structured_learner import StructuredLearner as StructuredLearner
