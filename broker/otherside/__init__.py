"""The other side of the door, simulated: a metering centre and suppliers that answer by themselves.

They speak HTTP and XML and know no more than a party does: nothing of the broker's code but the
clock is imported here, and no database is opened (docs/other-side.md).
"""
