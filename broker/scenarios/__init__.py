"""Scenarios: given, when and then as files, run through the real door on a virtual clock."""
