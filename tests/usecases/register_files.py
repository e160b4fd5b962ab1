"""Changes to the files of a register, one cell or one row at a time."""

from pathlib import Path


def spoil(folder: Path, file: str, was: str, becomes: str) -> int:
    """Change the first place that reads `was`; the number of its line."""
    text = (folder / file).read_text("utf-8")
    before, found, after = text.partition(was)
    assert found, f"{file} does not say {was!r}"
    (folder / file).write_text(before + becomes + after, "utf-8")
    return before.count("\n") + 1


def append(folder: Path, file: str, row: str) -> int:
    """Add a row; the number of its line."""
    text = (folder / file).read_text("utf-8")
    (folder / file).write_text(f"{text}{row}\n", "utf-8")
    return text.count("\n") + 1
