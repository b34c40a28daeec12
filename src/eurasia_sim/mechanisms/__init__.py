"""How any world works: one theory a file, each a set of small compiled functions over one world's arrays."""
