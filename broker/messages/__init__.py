"""The vocabulary of the market: frozen types, no behaviour beyond their own checks.

Imports nothing else of this project, so that every layer may speak of the same things.
"""
