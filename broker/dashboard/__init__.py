"""The dashboard: pages for the operator's staff, made on the server. No rule and no SQL lives here.

It listens at an address of its own, apart from the door for parties, so that the one can be open
to the world while the other is not.
"""
