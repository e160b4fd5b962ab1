"""What the service does, one verb a module: each drives the store and holds no rule and no SQL."""
