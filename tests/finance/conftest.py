"""One project in force for all tests of a module."""

from tests.factories.standing import project, standing

__all__ = ["project", "standing"]
