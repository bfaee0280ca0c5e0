"""Slates: exposures with each request id of a user once.

A repeated request id is one slate, the first. To find repeats among strings costs as much as a
whole analysis, and mostly there are none. So hashes are counted first: a hash that occurs once
belongs to one row. Only rows of a repeated hash are compared by their strings, so two ids of one
hash stay two slates.
"""

from contextlib import ExitStack
from dataclasses import replace

import ibis
from ibis import _
from ibis.expr.types import Table

from experiments.metrics.engine import hashed
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec

REQUEST_ID = ("exposures", "request_id")


def without_repeats(log: Log, spec: ScorecardSpec, stack: ExitStack) -> Log:
    """The log with slates for exposures; tables it needs live as long as the stack."""
    if REQUEST_ID not in log.columns:
        return log
    exposures = log.exposures.filter(_.at <= ibis.literal(spec.as_of))
    relevant = exposures if spec.lookback else exposures.filter(_.experiment == spec.experiment)
    known = relevant.filter(_.request_id.notnull())
    twice = stack.enter_context(
        known.group_by(hashed=hashed(_.request_id))
        .aggregate(rows=_.count())
        .filter(_.rows > 1)
        .cache()
    )
    if not twice.count().to_pyarrow().as_py():
        return log
    suspects = known.mutate(hashed=hashed(_.request_id)).semi_join(twice, "hashed").drop("hashed")
    firsts = stack.enter_context(_firsts(suspects).cache())
    once = exposures.anti_join(firsts, ["user", "request_id"])
    return replace(log, exposures=ibis.union(once, firsts.cast(once.schema())))


def _firsts(suspects: Table) -> Table:
    """Of each (user, request id) the first slate; of several at once that of the first variant."""
    order = [_.at, _.variant, _.size]
    one = ibis.window(group_by=["user", "request_id"], order_by=order)
    return suspects.mutate(rank=ibis.row_number().over(one)).filter(_.rank == 0).drop("rank")
