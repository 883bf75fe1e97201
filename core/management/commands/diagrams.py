"""`manage.py diagrams` draws every state machine into docs/states.md; `--check` fails when it is old."""

from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from core.workflow import Machine

HEAD = """# States (状态机)

Drawn by `python manage.py diagrams` from the transition tables; do not edit.
Each state is named in Chinese and English; below each drawing stands who may write in which state.
"""


class Command(BaseCommand):
    help = "Draw every state machine as Mermaid into docs/states.md."

    def add_arguments(self, parser):
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR) / "docs" / "states.md")
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail when the file is not current"
        )

    def handle(self, *, output: Path, check: bool, **options):
        document = draw_all()
        if check:
            if not output.exists() or output.read_text("utf-8") != document:
                raise CommandError(f"{output} is not current: run `python manage.py diagrams`")
            return
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(document, "utf-8")
        self.stdout.write(f"{len(machines())} state machines drawn into {output}")


def machines() -> list[tuple[type, Machine]]:
    """Every model that lives through states, in the order of the apps."""
    found = [(model, getattr(model, "machine", None)) for model in apps.get_models()]
    return [(model, machine) for model, machine in found if isinstance(machine, Machine)]


def draw_all() -> str:
    return "\n".join([HEAD, *(draw(model, machine) for model, machine in machines())])


def draw(model: type, machine: Machine) -> str:
    lines = [f"## {model._meta.app_label}.{model.__name__} · {_in('zh-hans', model._meta.verbose_name)}", ""]
    lines += ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state} : {_both(machine.states(state).label)}" for state in machine.states.values]
    lines.append(f"    [*] --> {machine.initial}")
    for old in machine.states.values:
        lines += [f"    {old} --> {new}" for new in _in_order(machine, machine.transitions.get(old, ()))]
    lines += [f"    {state} --> [*]" for state in machine.states.values if state in machine.final_states()]
    lines += ["```", "", "| state 状态 | applicants read 申报人所见 | written by 可写角色 |", "|---|---|---|"]
    for state in machine.states.values:
        owners = ", ".join(sorted(machine.owners.get(state, ()))) or "–"
        lines.append(
            f"| {_both(machine.states(state).label)} | {_both(machine.public_label(state))} | {owners} |"
        )
    return "\n".join([*lines, ""])


def _in_order(machine: Machine, wanted) -> list[str]:
    return [state for state in machine.states.values if state in wanted]


def _in(language: str, text) -> str:
    with translation.override(language):
        return str(text)


def _both(label) -> str:
    chinese, english = _in("zh-hans", label), _in("en", label)
    return chinese if chinese == english else f"{chinese} {english}"
