"""What people saw and did: journals, the drain, the Delta log, live history and readers.

The way in: `ingest.accept` and `ingest.record_exposure`. The way out: `readers.open_log`.
Between them, `drain` moves journals (`journal`) into Delta tables (`delta`).
"""
