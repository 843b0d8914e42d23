"""The public names, and where each lives."""

from .building import (
    AdaptiveNetwork as AdaptiveNetwork,
    WorkspaceNetwork as WorkspaceNetwork,
    adaptive_network as adaptive_network,
    network_of as network_of,
    simulator as simulator,
    workspace_network as workspace_network,
)
from .closed_form import ClosedFormNetwork as ClosedFormNetwork
from .encoding import (
    INPUTS as INPUTS,
    Inputs as Inputs,
    NetworkArrays as NetworkArrays,
    StateEncoding as StateEncoding,
    States as States,
    encoding_of as encoding_of,
)
from .energy import Energy as Energy, energy_of as energy_of
from .firing import FiringNetwork as FiringNetwork
from .layer import Layer as Layer
from .neurons import (
    NEURON_TYPES as NEURON_TYPES,
    Activity as Activity,
    NeuronModel as NeuronModel,
    neurons_of as neurons_of,
)
from .online import OnlineNetwork as OnlineNetwork
from .pes import PesNetwork as PesNetwork
from .population import Population as Population, PopulationOptions as PopulationOptions
from .smooth_basis import smooth_basis as smooth_basis
from .structured_encoding import (
    STRUCTURE as STRUCTURE,
    JointEncoding as JointEncoding,
    StructuredEncoding as StructuredEncoding,
    ToolEncoding as ToolEncoding,
)
from .structured_network import (
    StructuredNetwork as StructuredNetwork,
    structured_network as structured_network,
    structured_network_of as structured_network_of,
)
from .structured_population import StructuredPopulation as StructuredPopulation
from .workspace import (
    home_posture as home_posture,
    random_direction as random_direction,
    random_targets as random_targets,
    reach_states as reach_states,
    task_axes as task_axes,
)
