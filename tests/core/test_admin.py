"""The calendar in the admin, and what admin pages share."""

from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from unfold import widgets

from accounts.models import Organisation
from accounts.roles import Role
from core import calendar
from core.admin import buttons, pages
from core.models import CalendarDay
from core.workflow import Refused
from grants.models import Dictionary
from tests.factories.accounts import OrganisationFactory, officer

LIST = "/admin/core/calendarday/"
UPLOAD = f"{LIST}upload/"


@pytest.fixture
def sysadmin(client, db):
    user = officer(Role.SYSADMIN)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return user


def table(text, name="2027.csv"):
    return {"source": "国办发明电〔2026〕9 号", "file": SimpleUploadedFile(name, text.encode())}


def test_uploading_a_year(client, sysadmin, monkeypatch):
    CalendarDay.objects.create(date=date(2027, 5, 1), is_working=False, source="旧表")
    CalendarDay.objects.create(date=date(2026, 5, 1), is_working=False, source="旧表")
    monkeypatch.setattr(calendar, "awaited", lambda today: 2027)
    page = client.get(LIST).content.decode()
    assert "2027 年的放假安排还没有录入" in page
    assert UPLOAD in page
    assert client.get(UPLOAD).status_code == 200
    response = client.post(
        UPLOAD, table("日期,上班,节日\n2027-01-01,否,元旦\n2027-01-03,是,元旦\n"), follow=True
    )
    assert [str(m) for m in response.context["messages"]] == ["已写入 2 天。"]
    assert list(CalendarDay.objects.values_list("date", "is_working", "source")) == [
        (date(2026, 5, 1), False, "旧表"),
        (date(2027, 1, 1), False, "国办发明电〔2026〕9 号"),
        (date(2027, 1, 3), True, "国办发明电〔2026〕9 号"),
    ]


def test_a_faulty_table_names_its_line_and_changes_nothing(client, sysadmin):
    response = client.post(UPLOAD, table("日期,上班\n2027-01-01,也许\n"))
    assert response.status_code == 422
    assert response.context["form"].errors == {"file": ["第 2 行：“上班”一栏“也许”应写“是”或“否”。"]}
    assert 'value="国办发明电〔2026〕9 号"' in response.content.decode()
    assert CalendarDay.objects.count() == 0


def test_a_missing_file_is_named(client, sysadmin):
    response = client.post(UPLOAD, {"source": "x"})
    assert list(response.context["form"].errors) == ["file"]


@pytest.mark.parametrize("role", [Role.PROGRAMME_MANAGER, Role.AUDITOR])
def test_others_read_the_calendar_only(client, db, role):
    client.force_login(officer(role))
    page = client.get(LIST)
    assert (page.status_code, UPLOAD in page.content.decode()) == (200, False)
    assert client.get(UPLOAD).status_code == 403
    assert client.post(UPLOAD, table("日期,上班\n2027-01-01,是\n")).status_code == 403
    assert CalendarDay.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_takes_the_same_queries(client, sysadmin, rows, django_assert_num_queries):
    for n in range(rows):
        CalendarDay.objects.create(date=date(2027, 1, n + 1), is_working=False, source="x")
    client.get(LIST)
    with django_assert_num_queries(9):
        assert client.get(LIST).status_code == 200


def test_counting_stops_at_the_cap(db, monkeypatch, django_assert_num_queries):
    for _n in range(5):
        OrganisationFactory()
    monkeypatch.setattr(pages.CappedPaginator, "CAP", 3)
    paginator = pages.CappedPaginator(Organisation.objects.order_by("pk"), 2)
    with django_assert_num_queries(1):
        assert (paginator.count, paginator.num_pages, paginator.is_capped) == (3, 2, True)


def test_a_list_says_how_many_rows_it_has_and_where_it_stops(client, sysadmin, monkeypatch):
    for n in range(3):
        CalendarDay.objects.create(date=date(2027, 1, n + 1), is_working=False, source="x")

    def said(query=""):
        page = client.get(LIST + query).content.decode()
        known = ("共 3 条", "3 条结果", "共 1 条", "1 条结果", "只列出前 2 条")
        return [words for words in known if words in page]

    assert said() == ["共 3 条"]
    assert said("?date__year=2027&date__month=1&date__day=1") == ["共 1 条", "1 条结果"]
    monkeypatch.setattr(pages.CappedPaginator, "CAP", 2)
    assert said() == ["只列出前 2 条"]


class Everything(forms.Form):
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 3, "class": "x"}))
    choice = forms.ChoiceField(choices=[("a", "甲")])
    day = forms.DateField()
    hidden = forms.CharField(widget=forms.HiddenInput)
    chosen = forms.ChoiceField(widget=widgets.UnfoldAdminSelect2Widget)


def test_plain_forms_get_the_admins_widgets():
    fields = buttons.dress(Everything()).fields
    assert isinstance(fields["text"].widget, widgets.UnfoldAdminTextareaWidget)
    assert fields["text"].widget.attrs["rows"] == 3
    assert isinstance(fields["choice"].widget, widgets.UnfoldAdminSelectWidget)
    assert list(fields["choice"].widget.choices) == [("a", "甲")]
    assert isinstance(fields["day"].widget, widgets.UnfoldAdminSingleDateWidget)
    assert type(fields["hidden"].widget) is forms.HiddenInput
    assert type(fields["chosen"].widget) is widgets.UnfoldAdminSelect2Widget


def test_running_an_action_says_how_it_went(db, monkeypatch):
    said = []
    monkeypatch.setattr(buttons.messages, "success", lambda request, text: said.append(("success", text)))
    monkeypatch.setattr(buttons.messages, "error", lambda request, text: said.append(("error", text)))
    request = RequestFactory().post("/")
    request.user = officer()

    def refuse(*, by, at, number):
        raise Refused("不行。")

    def agree(*, by, at, number):
        assert (by, number) == (request.user, 3)

    assert buttons.run(request, refuse, success="好。", number=3) is False
    assert buttons.run(request, agree, success="好。", number=3) is True
    assert said == [("error", "不行。"), ("success", "好。")]


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "{", "[NaN]", r'["\u0000"]', r'["\ud800"]'])
def test_json_that_no_column_holds_is_a_fault_of_the_field(text):
    field = pages.JSONField()
    with pytest.raises(ValidationError):
        field.clean(text)
    assert field.prepare_value(field.bound_data(text, None))


@pytest.mark.parametrize(("page", "shown"), [("2", 2), ("²", 1), ("9" * 5000, 1), ("0", 1), ("x", 1)])
def test_an_inline_shows_the_first_page_where_the_address_names_none(page, shown):
    rows = pages.PagedRows.__new__(pages.PagedRows)
    rows.prefix, rows.request = "entries", RequestFactory().get("/", {"entries-page": page})
    assert rows.get_page_num() == shown


def test_a_stored_row_is_judged_with_what_its_page_only_shows(db):
    shown = Dictionary.objects.create(code="x", name="行业", valid_from=date(2026, 1, 1))
    form_class = forms.modelform_factory(Dictionary, pages.WholeRowForm, fields=["name", "valid_to"])
    for valid_to, is_valid in (("2025-12-31", False), ("2026-12-31", True)):
        assert form_class({"name": "行业", "valid_to": valid_to}, instance=shown).is_valid() is is_valid
