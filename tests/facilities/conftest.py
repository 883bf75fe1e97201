"""One filed facility for all tests of a module."""

from tests.factories.facilities import filed, platform

__all__ = ["filed", "platform"]
