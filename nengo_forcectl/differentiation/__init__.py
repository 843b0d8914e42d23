"""What is behind `jacobians` and `loop`: a NengoDL network as a function of its weights."""
