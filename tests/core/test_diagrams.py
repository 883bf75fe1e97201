"""State machines drawn into the documentation."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import JoinRequest
from accounts.states import JOIN_REQUEST
from core.management.commands import diagrams


def test_a_machine_is_drawn_with_every_state_and_move():
    drawing = diagrams.draw(JoinRequest, JOIN_REQUEST).splitlines()
    assert drawing[0] == "## accounts.JoinRequest · 加入单位申请"
    moves = [line.strip() for line in drawing if "-->" in line]
    assert moves == [
        "[*] --> requested",
        "requested --> approved",
        "requested --> refused",
        "requested --> withdrawn",
        "approved --> [*]",
        "refused --> [*]",
        "withdrawn --> [*]",
    ]
    assert sum(line.startswith("    requested : 待审核") for line in drawing) == 1
    assert drawing[-4].endswith("| admin |")


def test_every_machine_is_whole():
    """Initial and target states exist, every state is reachable and has owners spelled out."""
    for model, machine in diagrams.machines():
        states = set(machine.states.values)
        reached, frontier = {str(machine.initial)}, [machine.initial]
        while frontier:
            for new in machine.transitions.get(frontier.pop(), ()):
                if str(new) not in reached:
                    reached.add(str(new))
                    frontier.append(new)
        assert reached == states, model
        assert {str(state) for state in machine.owners} == states, model
        assert {str(state) for state in machine.transitions} <= states, model
        assert model._meta.get_field("state").default == machine.initial, model


def test_the_command_writes_and_checks(tmp_path, capsys):
    file = tmp_path / "docs" / "states.md"
    with pytest.raises(CommandError, match="not current"):
        call_command("diagrams", output=file, check=True)
    call_command("diagrams", output=file)
    assert file.read_text("utf-8") == diagrams.draw_all()
    call_command("diagrams", output=file, check=True)
    file.write_text("old", "utf-8")
    with pytest.raises(CommandError, match="not current"):
        call_command("diagrams", output=file, check=True)
