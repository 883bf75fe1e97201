"""Sample data that is alive on any day: invented people and firms, real actions, dates relative to today."""

from seeds.demo.cast import PASSWORD, Cast, known
from seeds.demo.steps import Clock
from seeds.demo.story import make

__all__ = ["PASSWORD", "Cast", "Clock", "known", "make"]
