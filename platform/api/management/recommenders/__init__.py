"""Recommenders: what variants serve, their model versions and their trainings."""
