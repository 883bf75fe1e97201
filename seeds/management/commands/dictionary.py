"""`manage.py dictionary load FILE…` or `--all`: code lists (GB/T 2260, GB/T 4754 …) as dated versions."""

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from core.workflow import Refused
from seeds import dictionaries


class Command(BaseCommand):
    help = (
        "Load code lists; each file is one version, named for its dictionary. Loading again changes nothing."
    )

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="what", required=True)
        load = commands.add_parser("load", help="make or bring up to date one version per file")
        load.add_argument("files", nargs="*", type=Path)
        load.add_argument("--all", action="store_true", help="the lists that come with the product")

    def handle(self, *, files, **options):
        if bool(files) == options["all"]:
            raise CommandError("name files, or --all")
        faults = []
        for file in files or dictionaries.shipped():
            try:
                self.stdout.write(f"{file.name}: {dictionaries.load(file)} entries changed")
            except ValidationError as fault:
                faults += [f"{file}: {message}" for message in fault.messages]
            except Refused as fault:
                faults.append(f"{file}: {fault.message}")
            except OSError as fault:
                faults.append(f"{file}: {fault.strerror}")
        if faults:
            raise CommandError("\n".join(faults))
