"""One application for the tests that only look at its state."""

from tests.factories.standing import handed_in, stands

__all__ = ["handed_in", "stands"]
