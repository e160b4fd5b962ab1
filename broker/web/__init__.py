"""The HTTP door: bytes in, XML out, and who is calling. No rule and no SQL lives here."""
