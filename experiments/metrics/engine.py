"""The two functions of the engine that Ibis has no name for. Other engines have both by their own.

DuckDB's are bound here; Spark calls them `unix_micros` and `xxhash64`.
"""

import ibis


@ibis.udf.scalar.builtin(name="epoch_us", signature=(("timestamp('UTC')",), "int64"))
def microseconds(at):  # type: ignore[no-untyped-def]
    """Microseconds since 1970."""
