"""The A/A audit of a log: whether each metric is judged rightly on the users it is measured on.

See docs/explanation/statistics/aa-audit.md. No framework here: tables in, a frozen report out.
"""

from experiments.metrics.auditing.report import AuditedMetric, AuditReport, Skipped
from experiments.metrics.auditing.run import computable, run_audit
from experiments.metrics.auditing.spec import AuditSpec

__all__ = [
    "AuditReport",
    "AuditSpec",
    "AuditedMetric",
    "Skipped",
    "computable",
    "run_audit",
]
