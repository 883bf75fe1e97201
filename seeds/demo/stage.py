"""What every story of the demo stands on."""

from dataclasses import dataclass

from seeds.demo.cast import Cast
from seeds.demo.steps import Clock


@dataclass
class Stage:
    clock: Clock
    cast: Cast
    demands: dict[str, dict]
    bids: dict[str, dict]
    park: dict[str, dict]
