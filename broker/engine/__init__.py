"""The legal engine: decides and applies, knows no I/O, no clock, no bytes."""
