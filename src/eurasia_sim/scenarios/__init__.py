"""Questions put to a world: scenario files, their levers and what is read off."""
