"""What an audit of files has to find out by itself."""

from datetime import datetime

from ibis.expr.types import Table

from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.shape import time_of


def newest(exposures: Table, events: Table) -> datetime:
    """The last instant that the files know of: until then they are audited.

    Raises MissingColumn, and InvalidSpec for files without a row.
    """
    found = [
        table.aggregate(last=time_of(name, table).max()).to_pyarrow()["last"][0].as_py()
        for name, table in (("exposures", exposures), ("events", events))
    ]
    times: list[datetime] = [last for last in found if last is not None]
    if not times:
        raise InvalidSpec("exposures and events hold no row with a time: there is nobody to split.")
    return max(times)
