"""Documents, claims, and how claims become coded numbers."""
