"""The code lists that come with the product, one CSV file each; the file's name is the dictionary's code."""

from pathlib import Path

from grants import codelists
from grants.actions import load_dictionary

FOLDER = Path(__file__).resolve().parent


def shipped() -> list[Path]:
    return sorted(FOLDER.glob("*.csv"))


def load(file: Path) -> int:
    """How many entries changed. Raises ValidationError with line-numbered mistakes, Refused, OSError."""
    return load_dictionary(code=file.stem, codes=codelists.parse(file.read_bytes()))
