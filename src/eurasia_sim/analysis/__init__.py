"""What runs say: differences, sensitivity, scenario discovery, robustness."""
