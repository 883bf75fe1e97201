import pytest

from core import calendar_table


@pytest.fixture
def holidays(db):
    """The working-day table as the product ships it."""
    calendar_table.seed()
