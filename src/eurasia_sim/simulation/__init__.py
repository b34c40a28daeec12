"""Runs: their inputs, draws, ensembles and results; the Mesa face."""
