"""`StructuredPopulation`: neurons that fire in the place of the joints' and the tool's."""

from ..block import Layout

# k neurons of each of n joints, t of the tool: as many in the place of each that learns.
POPULATION = Layout("population")
POPULATION_LEAD = POPULATION.add("lead")  # their inputs are of so much later [s]
POPULATION_AHEAD = POPULATION.add("ahead", "n")  # angles then [rad]
POPULATION_JOINTS = POPULATION.add("joints", whole=True)  # address of the joints' `NEURONS`
POPULATION_JOINT_ENCODERS = POPULATION.add("joint_encoders", "n 3 k")  # scaled, transposed
POPULATION_JOINT_BIAS = POPULATION.add("joint_bias", "n k")
POPULATION_JOINT_SHARES = POPULATION.add("joint_shares", "n k")  # in what it learned [1/Hz]
POPULATION_JOINT_DECODERS = POPULATION.add("joint_decoders", "n k")  # [N m/Hz]
POPULATION_TOOL = POPULATION.add("tool", whole=True)  # address of the tool's `NEURONS`
POPULATION_TOOL_ENCODERS = POPULATION.add("tool_encoders", "4 t")
POPULATION_TOOL_BIAS = POPULATION.add("tool_bias", "t")
POPULATION_TOOL_SHARES = POPULATION.add("tool_shares", "t")
POPULATION_TOOL_DECODERS = POPULATION.add("tool_decoders", "3 t")  # [N/Hz]
