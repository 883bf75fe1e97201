"""One module per pack: `CASES`, see `tests.desk.packs`."""
