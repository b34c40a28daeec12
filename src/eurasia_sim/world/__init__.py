"""Who, where and what happened: one world, with the parent of every number."""
