"""Torque control of robot arms that learns the missing dynamics."""
