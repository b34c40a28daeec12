"""What was observed of a world: series, links, noise filter, free baselines, scores and facts."""
