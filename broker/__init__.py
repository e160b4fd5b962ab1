"""Message broker for changes of electricity supplier, run by a grid operator."""
