"""Bytes to typed messages and back: the schema, the readers, the writers.

What comes in is refused or becomes a type of broker.messages; what goes out is valid against the
same schema. No rule of the switch process is decided here.
"""
