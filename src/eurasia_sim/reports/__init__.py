"""Pages for a reader: findings and reports."""
