"""What was observed of a world: series, their links to measures, and forecasts that cost nothing."""
