"""How values read."""

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation

from applications.states import APPLICATION, ApplicationState
from portal.templatetags import portal

NOW = datetime.fromisoformat("2026-03-10T09:00:00+08:00")


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3, hours=4, minutes=59), "还剩 3 天 4 小时"),
        (timedelta(hours=5, minutes=7), "还剩 5 小时 7 分"),
        (timedelta(minutes=9), "还剩 9 分钟"),
        (timedelta(seconds=1), "还剩 1 分钟"),
        (timedelta(0), "已过 1 分钟"),
        (-timedelta(hours=2, minutes=3), "已过 2 小时 3 分"),
        (-timedelta(days=1), "已过 1 天 0 小时"),
    ],
)
def test_what_is_left_is_said_in_words(left, words):
    assert portal.due(NOW + left, NOW) == words


def test_a_call_counts_down_to_the_minute():
    shown = [
        portal.due_to_the_minute(NOW + left, NOW) for left in (timedelta(days=3, minutes=9), -timedelta(1))
    ]
    assert shown == ["还剩 3 天 0 小时 9 分", "已过 1 天 0 小时 0 分"]


@pytest.mark.parametrize(
    ("left", "word"),
    [
        (timedelta(days=4), "later"),
        (timedelta(days=3), "soon"),
        (timedelta(0), "over"),
        (-timedelta(days=1), "over"),
    ],
)
def test_urgency_begins_three_days_before(left, word):
    assert portal.urgency(NOW + left, NOW) == word


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("370202199001011234", "370***********1234"),
        ("12345", "*****"),
        (None, ""),
    ],
)
def test_personal_numbers_are_masked(number, shown):
    assert portal.masked(number) == shown


def test_money_reads_in_wan_and_in_capitals():
    assert portal.wan(Decimal(1_000_000)) == "100 万元"
    assert portal.wan_number(Decimal("1234567.89")) == "123.456789"
    assert portal.yuan(Decimal("1234567.8")) == "1,234,567.80"
    assert portal.uppercase(Decimal("100000.05")) == "壹拾万元零伍分"
    assert [portal.wan(None), portal.wan_number(None), portal.yuan(None), portal.uppercase(None)] == [""] * 4


@pytest.mark.parametrize(("share", "width"), [(0.5, "50.00"), (-1, "0.00"), (Decimal("1.2"), "100.00")])
def test_a_bar_never_leaves_its_drawing(share, width):
    assert portal.percent(share) == width


def test_a_plain_number_has_no_trailing_zeros():
    assert [portal.plain(Decimal(n)) for n in ("40.00", "100", "0.50")] == ["40", "100", "0.5"]
    assert portal.plain(None) == ""


def test_tones_follow_states_and_unknown_states_are_plain():
    tones = [
        portal.tone(state)
        for state in ("awarded", "returned", "rejected", "listed", "withdrawn", "good", None)
    ]
    assert tones == ["good", "wait", "bad", "active", "plain", "good", "plain"]


def test_applicants_read_the_public_word():
    subject = SimpleNamespace(machine=APPLICATION, state=ApplicationState.DECISION)
    assert portal.public_state(subject) == "评审中"


def test_english_readers_get_the_english_text_where_there_is_one():
    both = SimpleNamespace(title="通知", title_en="Call")
    one = SimpleNamespace(title="通知", title_en="")
    with translation.override("en"):
        assert [portal.localised(both, "title"), portal.localised(one, "title")] == ["Call", "通知"]
    assert portal.localised(both, "title") == "通知"


class Form(forms.Form):
    amount = forms.IntegerField(label="金额")

    def clean(self):
        raise forms.ValidationError("合计不对")


def test_every_fault_of_a_form_is_listed_once_with_its_field():
    form = Form({"amount": "x"})
    assert portal.form_problems(form) == [
        {"message": "合计不对"},
        {"message": "输入整数。", "field": "金额", "anchor": "id_amount"},
    ]
    page = render_to_string("portal/includes/_form_errors.html", {"form": form})
    assert page.count("<li>") == 2
    assert 'href="#id_amount"' in page
    assert "data-focus" in page


def test_a_form_without_fault_says_nothing():
    assert render_to_string("portal/includes/_form_errors.html", {"form": Form()}).strip() == ""
