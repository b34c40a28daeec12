"""What every rule is computed with: compiling, vectors, mathematics and random streams."""
