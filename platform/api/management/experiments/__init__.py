"""The management doors of experiments: drafts, their moves, variants and overrides."""
