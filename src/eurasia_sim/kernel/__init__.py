"""The order of a month, and the arrays it works on."""
