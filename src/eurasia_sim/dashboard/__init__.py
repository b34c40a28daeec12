"""The live page: a scenario edited, played and compared in a browser; what a visitor does is that visitor's own."""
