"""`manage.py pack check|load FILE…`, `pack dump SLUG`, `pack fields`: whole calls as YAML files."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from core.calendar import local_date
from core.workflow import Refused
from desk import packs
from desk.packs.source import dotted
from grants.models import Call


class Command(BaseCommand):
    help = "Check, load and write packs: a whole call (notice, form, rules, money, review) as one YAML file."

    def add_arguments(self, parser):
        commands = parser.add_subparsers(dest="what", required=True)
        for what, text in (
            ("check", "find every mistake, change nothing"),
            ("load", "make or replace drafts"),
        ):
            command = commands.add_parser(what, help=text)
            command.add_argument("files", nargs="+", type=Path)
        command.add_argument("--department", help="credit code of the department of a new programme")
        fields = commands.add_parser("fields", help="write the table of all fields of a pack")
        fields.add_argument("--output", type=Path, default=packs.describing.FILE)
        fields.add_argument(
            "--check", action="store_true", help="change nothing; fail when it is not current"
        )
        dump = commands.add_parser("dump", help="write the newest call of a programme as YAML")
        dump.add_argument("slug")
        dump.add_argument("--year", type=int)
        dump.add_argument("--output", type=Path, help="a file; standard output without it")

    def handle(self, *, what, **options):
        today = local_date(timezone.now())
        if what == "dump":
            self.dump(options["slug"], options["year"], options["output"])
        elif what == "fields":
            self.fields(options["output"], check=options["check"])
        elif what == "check":
            self.each(options["files"], lambda file: self.check_pack(file, today))
        else:
            department = self.department(options["department"])
            self.each(options["files"], lambda file: self.load_pack(file, today, department))

    def each(self, files: list[Path], work) -> None:
        """Every file is tried, so that one run shows all mistakes."""
        faults = []
        for file in files:
            try:
                self.stdout.write(f"{file}: {work(file)}")
            except packs.BadPack as fault:
                faults.append(str(fault))
            except Refused as fault:
                faults.append(f"{file}: {fault.message}")
            except OSError as fault:
                faults.append(f"{file}: {fault.strerror}")
        if faults:
            raise CommandError("\n".join(faults))

    def check_pack(self, file: Path, today: date) -> str:
        pack = packs.check(file, today=today)
        for place, message in packs.english.warnings(pack):
            self.stderr.write(f"{file}: {dotted(place)}: {message}")
        return _("正确：%(title)s，%(rules)s 条规则，%(questions)s 道题目") % {
            "title": pack.call.title,
            "rules": len(pack.rules),
            "questions": sum(len(section.questions) for section in pack.sections),
        }

    def load_pack(self, file: Path, today: date, department: Organisation | None) -> str:
        loaded = packs.load(file, today=today, department=department)
        words = {packs.NEW: _("已导入"), packs.UNCHANGED: _("没有变化"), packs.REPLACED: _("已更新")}
        return f"{words[loaded.what]}：{loaded.call}"

    def department(self, credit_code: str | None) -> Organisation | None:
        if not credit_code:
            return None
        try:
            return Organisation.objects.get(credit_code=credit_code)
        except Organisation.DoesNotExist:
            raise CommandError(_("没有统一社会信用代码为“%s”的单位。") % credit_code) from None

    def fields(self, output: Path, *, check: bool) -> None:
        document = packs.describing.reference()
        if not check:
            output.write_text(document, encoding="utf-8")
        elif not output.exists() or output.read_text("utf-8") != document:
            raise CommandError(f"{output} is not current: run `python manage.py pack fields`")

    def dump(self, slug: str, year: int | None, output: Path | None) -> None:
        calls = Call.objects.filter(programme__slug=slug).order_by("-year", "-version", "-id")
        call = calls.filter(**({"year": year} if year else {})).select_related("programme").first()
        if not call:
            raise CommandError(_("没有计划“%s”的通知。") % slug)
        text = packs.write(packs.dump(call))
        if output:
            output.write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")
