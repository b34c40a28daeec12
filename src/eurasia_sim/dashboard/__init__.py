"""The live page: edit, play and compare scenarios in a browser; visitors share no state."""
