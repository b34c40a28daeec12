"""Runs against what is documented: patterns, scores and fits."""
