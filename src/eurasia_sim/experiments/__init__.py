"""Sweeps: an experiment's design, its points and its folder."""
