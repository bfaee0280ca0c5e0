"""Experiments that were assigned elsewhere: files with a few columns in, a report out.

See docs/how-to/analyse-an-experiment-assigned-elsewhere.md. No framework and no state here.
"""

from experiments.metrics.outside.analysing import analyse
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.report import Note, Report, encode
from experiments.metrics.outside.request import Request, Weights

__all__ = ["InvalidRequest", "Note", "Report", "Request", "Weights", "analyse", "encode"]
