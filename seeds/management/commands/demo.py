"""`manage.py demo` makes the sample data once; `--logins` prints who can sign in."""

from time import perf_counter

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from seeds import demo
from seeds.demo.logins import table


class Command(BaseCommand):
    help = "Make the sample data (once), with dates relative to today."

    def add_arguments(self, parser):
        parser.add_argument("--logins", action="store_true", help="print the sample logins, one per role")

    def handle(self, *, logins, **options):
        if logins:
            self.stdout.write(table())
            return
        begun = perf_counter()
        made = demo.make(now=timezone.now())
        words = _("示例数据已生成") if made else _("示例数据已存在")
        self.stdout.write(f"{words} ({perf_counter() - begun:.1f} s)")
