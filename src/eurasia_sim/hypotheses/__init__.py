"""Hypotheses as data, and what becomes of each."""
