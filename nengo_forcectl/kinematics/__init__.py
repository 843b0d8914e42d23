"""Kinematics that a network learns: trained beforehand, or as the arm moves."""
