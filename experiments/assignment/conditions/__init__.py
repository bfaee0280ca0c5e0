"""Conditions on attributes: who an experiment is for.

A condition is a JSON object in the language of the GrowthBook SDKs, of which it takes sixteen
operators and refuses everything else when it is saved. It means here what it means there.
"""

from experiments.assignment.conditions.compiling import OPERATORS, Test, check, compiled

__all__ = ["OPERATORS", "Test", "check", "compiled"]
