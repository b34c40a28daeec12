"""A table in, a figure out, in one look."""
