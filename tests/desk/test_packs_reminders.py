"""A pack carries the reminder rules of its call, which hold for its series alone."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import OrganisationKind
from core.workflow import Refused
from desk import packs
from grants.models import Call
from notifications.models import ReminderPolicy
from notifications.receipts import rule_for
from tests.factories.accounts import OrganisationFactory

pytestmark = pytest.mark.django_db
SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8").rstrip() + "\n"
TODAY = date(2026, 3, 10)
FIRST = SMALL.count("\n") + 1
REMINDERS = """reminders:
  - kind: milestone
    hour: 10
    quiet: "22:00-07:30"
    on_rest_day: later
    subject: "{title}：{due}"
    body: "{name}：{explanation} {link}"
    steps:
      - lead: w5
        by: [email, sms]
      - lead: d-7
        tell: [owners, managers]
      - lead: d-30/7
        tell: [owners, managers, heads, leaders]
        by: []
  - kind: recommendation
    quiet: ""
    steps:
      - lead: open
"""


def load(text, department=None):
    pack, source = packs.read(text, today=TODAY)
    return packs.store.load(pack, source=source, department=department), pack


@pytest.fixture
def department():
    return OrganisationFactory(kind=OrganisationKind.GOVERNMENT)


def test_rules_go_in_and_come_out_as_they_were(department):
    loaded, pack = load(SMALL + REMINDERS, department)
    rules = ReminderPolicy.objects.filter(series=loaded.call.series).order_by("id")
    assert [(rule.kind, rule.hour, rule.on_rest_day) for rule in rules] == [
        ("milestone", 10, "later"),
        ("recommendation", 9, "stays"),
    ]
    assert [(step.code, step.audience, step.channels) for step in rules[0].steps.all()] == [
        ("w5", ["owners"], ["email", "sms"]),
        ("d-7", ["owners", "managers"], ["email"]),
        ("d-30/7", ["owners", "managers", "heads", "leaders"], []),
    ]
    assert rules[1].quiet_from is None
    assert packs.dump(loaded.call).reminders == pack.reminders
    again, _source = packs.read(packs.write(packs.dump(loaded.call)), today=TODAY + timedelta(days=90))
    assert again == pack
    assert load(SMALL + REMINDERS)[0].what == "unchanged"
    assert load(SMALL)[0].what == "replaced"
    assert not ReminderPolicy.objects.filter(series=loaded.call.series).exists()


def test_rules_follow_the_notice_to_its_versions_and_next_year_and_may_change_when_it_is_out(department):
    call = load(SMALL + REMINDERS, department)[0].call
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    call.refresh_from_db()
    amended = packs.store.copy(call, version=2)
    assert not ReminderPolicy.objects.filter(series=amended.series).exists()
    following = packs.store.copy(call, year=call.year + 1)
    assert packs.dump(following).reminders == packs.dump(call).reminders
    # A pack without rules leaves those that are there; one with others changes them alone.
    load(SMALL)
    assert ReminderPolicy.objects.filter(series=call.series).count() == 2
    load((SMALL + REMINDERS).replace("hour: 10", "hour: 11"))
    assert ReminderPolicy.objects.get(series=call.series, kind="milestone").hour == 11
    with pytest.raises(Refused):
        load((SMALL + REMINDERS).replace("days: 10", "days: 11"))


@pytest.mark.parametrize(
    ("old", "new", "line", "place", "message"),
    [
        ("kind: milestone", "kind: birthday", 1, "reminders[1].kind", None),
        ("lead: w5", "lead: w", 8, "reminders[1].steps[1].lead", "应为“open”"),
        ("lead: d-7", "lead: w5", 10, "reminders[1].steps[2].lead", "“w5”重复"),
        ("by: [email, sms]", "by: [email, pigeon]", 9, "reminders[1].steps[1].by[2]", "没有这种渠道"),
        (
            "tell: [owners, managers]\n",
            "tell: [everybody]\n",
            11,
            "reminders[1].steps[2].tell[1]",
            None,
        ),
        ("{due}", "{dew}", 5, "reminders[1].subject", "没有叫“{dew}”的占位符"),
        ('"22:00-07:30"', "late", 3, "reminders[1].quiet", "应为“21:00-08:00”"),
        ("hour: 10", "hour: 25", 2, "reminders[1].hour", None),
        ("hour: 10", "hours: 10", 2, "reminders[1].hours", None),
        ("kind: recommendation", "kind: milestone", 15, "reminders[2].kind", "“milestone”重复"),
        ("kind: recommendation", "kind: receipt", None, "reminders[2].legal", "法定通知"),
    ],
)
def test_a_mistake_is_named_with_its_line(old, new, line, place, message):
    with pytest.raises(packs.BadPack) as caught:
        packs.read(SMALL + REMINDERS.replace(old, new, 1), today=TODAY)
    problem = caught.value.problems[0]
    assert problem.place == place
    if line is not None:
        assert problem.line == FIRST + line
    assert message is None or message in problem.message


def test_how_decisions_are_served_goes_in_and_comes_out_and_may_change_later(department):
    text = SMALL + "receipts:\n  - {kind: rejected, deemed_days: 3, day_kind: calendar, clause: 第十条}\n"
    text += 'reminders:\n  - {kind: milestone, late_subject: "已逾期：{title}", late_body: "{due} 已过"}\n'
    call = load(text, department)[0].call
    assert ReminderPolicy.objects.get(series=call.series).late_body == "{due} 已过"
    assert packs.dump(call).reminders == packs.read(text, today=TODAY)[0].reminders
    rule = rule_for(kind="rejected", programme=call.programme.slug, series=call.series)
    assert (rule.deemed_days, rule.day_kind, rule.clause) == (3, "calendar", "第十条")
    assert packs.dump(call).receipts == packs.read(text, today=TODAY)[0].receipts
    Call.objects.filter(pk=call.pk).update(state="published", published_at=timezone.now())
    load(text.replace("deemed_days: 3", "deemed_days: 7"))
    assert rule_for(kind="rejected", series=call.series).deemed_days == 7
    load(SMALL)
    assert rule_for(kind="rejected", series=call.series).deemed_days == 7, "left out: as it was"
