"""The command line as `python -m eurasia_sim`."""

from eurasia_sim.cli import main

main()
