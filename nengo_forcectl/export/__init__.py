"""A trained controller as one folder that needs neither TensorFlow, PyBullet nor Sympy."""
