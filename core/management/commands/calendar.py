"""`manage.py calendar seed` writes the library's years and, behind them, those that follow from the law;
`calendar load FILE --source 文号` an own table."""

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core import calendar_table
from core.workflow import Lost


class Command(BaseCommand):
    help = "Fill the working-day calendar (调休)."

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="what", required=True)
        commands.add_parser("seed", help="every year the library covers, except years uploaded by hand")
        load = commands.add_parser("load", help="a CSV or YAML table; replaces the years it names")
        load.add_argument("file", type=Path)
        load.add_argument("--source", required=True, help="the notice the table comes from")

    def handle(self, *, what, **options):
        try:
            written = (
                calendar_table.seed() if what == "seed" else self.load(options["file"], options["source"])
            )
        except Lost as lost:
            raise CommandError(lost.message) from lost
        self.stdout.write(f"{written} days written")

    def load(self, file: Path, source: str) -> int:
        try:
            rows = calendar_table.parse(file.read_bytes(), file_name=file.name)
        except OSError as fault:
            raise CommandError(f"{file}: {fault.strerror}") from fault
        except ValidationError as fault:
            raise CommandError("\n".join(fault.messages)) from fault
        calendar_table.replace_years(rows=rows, source=source)
        return len(rows)
