"""Files to audit, of a log kept anywhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import ibis
from ibis.expr.types import Table

from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.files import tables
from experiments.metrics.one_arm import EVERYONE
from experiments.metrics.outside.columns import ours
from experiments.metrics.outside.finding import find_files
from experiments.metrics.outside.report import Note
from experiments.metrics.shape import time_of


@contextmanager
def audit_tables(
    exposures: Sequence[str], events: Sequence[str]
) -> Iterator[tuple[Table, Table, tuple[Note, ...]]]:
    """Exposures and events of files, folders or patterns, and what was assumed of them.

    They are read as those of an analysis; variants need not be there. Raises InvalidRequest.
    """
    found = [find_files("exposures", exposures), find_files("events", events)]
    with tables(*found) as (served, done):
        if "variant" not in served.columns:
            served = served.mutate(variant=ibis.literal(EVERYONE))
        served, notes = ours("exposures", served, None)
        done, more = ours("events", done, None)
        yield served, done, (*notes, *more)


def newest(exposures: Table, events: Table) -> datetime:
    """The last instant that the files know of: until then they are audited.

    Raises InvalidSpec for files without a row.
    """
    found = [
        table.aggregate(last=time_of(name, table).max()).to_pyarrow()["last"][0].as_py()
        for name, table in (("exposures", exposures), ("events", events))
    ]
    times: list[datetime] = [last for last in found if last is not None]
    if not times:
        raise InvalidSpec("exposures and events hold no row with a time: there is nobody to split.")
    return max(times)
