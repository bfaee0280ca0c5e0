"""The statistics of experiments: pure, vectorised, no framework. docs/explanation/statistics.md.

Samples are sufficient statistics over users; `compare` turns two of them into an effect with an
interval and a p-value, or a typed reason; `check_srm` and `floor` say whether that may be judged.
"""

from experiments.stats.audit import Audited, audit
from experiments.stats.audit_metrics import AuditMetric
from experiments.stats.compare import compare
from experiments.stats.comparison import Comparison
from experiments.stats.critical import running_minimum
from experiments.stats.cuped_samples import CupedRatioSample, CupedSample
from experiments.stats.exceptions import SampleError, SettingsError, StatsError
from experiments.stats.floor import PRECISION_NEEDED, USERS_NEEDED, Floor, floor
from experiments.stats.heterogeneity import Heterogeneity, heterogeneity
from experiments.stats.imbalance import Imbalance, imbalance
from experiments.stats.independence import Independence, independence
from experiments.stats.multiplicity import (
    at_confidence,
    e_bh,
    e_bh_adjusted,
    e_bh_confidence,
    holm,
    holm_confidence,
)
from experiments.stats.per_user import UserValues
from experiments.stats.phases import PhasesComparison, Weighting, compare_phases
from experiments.stats.priors import BetaPrior, NormalPrior
from experiments.stats.reasons import Reason
from experiments.stats.resampling import Resampled, bootstrap, permutation
from experiments.stats.samples import MeanSample, ProportionSample, RatioSample, Sample
from experiments.stats.settings import Settings
from experiments.stats.srm import SampleRatio, check_srm, check_srm_phases

__all__ = [
    "PRECISION_NEEDED",
    "USERS_NEEDED",
    "AuditMetric",
    "Audited",
    "BetaPrior",
    "Comparison",
    "CupedRatioSample",
    "CupedSample",
    "Floor",
    "Heterogeneity",
    "Imbalance",
    "Independence",
    "MeanSample",
    "NormalPrior",
    "PhasesComparison",
    "ProportionSample",
    "RatioSample",
    "Reason",
    "Resampled",
    "Sample",
    "SampleError",
    "SampleRatio",
    "Settings",
    "SettingsError",
    "StatsError",
    "UserValues",
    "Weighting",
    "at_confidence",
    "audit",
    "bootstrap",
    "check_srm",
    "check_srm_phases",
    "compare",
    "compare_phases",
    "e_bh",
    "e_bh_adjusted",
    "e_bh_confidence",
    "floor",
    "heterogeneity",
    "holm",
    "holm_confidence",
    "imbalance",
    "independence",
    "permutation",
    "running_minimum",
]
