"""Files read and written: a person's YAML, the package's own data, and Markdown."""
