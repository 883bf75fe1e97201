"""`manage.py deadlines check|mend`: do the deadlines agree with what is owed, and make them."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import obligations


class Command(BaseCommand):
    help = "核对期限与业务对象是否一致（check），或更正不一致之处（mend）。"

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["check", "mend"])

    def handle(self, *, what, **options):
        if what == "mend":
            mended = obligations.mend(at=timezone.now())
            for drift in mended:
                self.stdout.write(f"mended: {drift}")
            self.stdout.write(f"{len(mended)}")
            return
        count = 0
        for drift in obligations.check(at=timezone.now()):
            count += 1
            self.stdout.write(str(drift))
        if count:
            raise CommandError(f"{count} deadlines do not agree with what is owed; `deadlines mend` repairs")
        self.stdout.write("0")
