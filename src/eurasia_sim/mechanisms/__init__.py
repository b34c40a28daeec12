"""The rules of any world: a mechanism a file, in small compiled functions over arrays."""
