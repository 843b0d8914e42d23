"""Sympy arm models."""
