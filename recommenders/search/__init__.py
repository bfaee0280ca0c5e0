"""Choosing hyper-parameters by trying them. Pure; whoever imports `study` needs optuna."""
