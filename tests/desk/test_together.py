"""Two managers at the same part of a draft: neither writes over what the other stored."""

import pytest
from django.urls import reverse

from desk.forms import together
from desk.forms.parts import PartPage
from grants.models import Call, Contact, EligibilityRule, Question
from tests.factories.reviews import CallFactory, manager_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    call = CallFactory()
    for number, name in enumerate(("资源处", "服务中心"), start=1):
        Contact.objects.create(call=call, kind="policy", name=name, phone=f"555{number}", order=number)
    return call


@pytest.fixture
def one(client, draft):
    client.force_login(manager_of(draft))
    return client


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


def sent_of(page) -> dict:
    """What a browser sends of a page as it stands."""
    data = {"seen": together.seen_of(page)}
    for block in together.forms_of(page):
        forms = block.forms if hasattr(block, "forms") else [block]
        if hasattr(block, "forms"):
            data |= {f"{block.prefix}-TOTAL_FORMS": len(forms), f"{block.prefix}-INITIAL_FORMS": len(forms)}
        for form in forms:
            for bound in form:
                value = bound.field.widget.format_value(bound.value())
                if isinstance(value, list | tuple):
                    value = [str(text) for text in value]
                if value not in (None, "", [], "False"):
                    data[bound.html_name] = value
    return data


def contacts(draft) -> list:
    return list(Contact.objects.filter(call=draft).order_by("order").values_list("name", "phone"))


def test_changes_at_different_places_both_stay(one, draft):
    sent = sent_of(PartPage("contacts", draft))
    Contact.objects.filter(name="资源处").update(phone="9999")

    page = one.post(at("part", draft.pk, "contacts"), sent | {"contacts-1-name": "业务中心"}, follow=True)

    assert contacts(draft) == [("资源处", "9999"), ("业务中心", "5552")]
    assert "同时保留了别人刚刚改的 1 处。" in page.content.decode()


def test_the_same_place_is_shown_with_both_texts_and_nothing_is_stored(one, draft):
    sent = sent_of(PartPage("contacts", draft))
    Contact.objects.filter(name="资源处").update(phone="9999")

    page = one.post(at("part", draft.pk, "contacts"), sent | {"contacts-0-phone": "1111"})

    assert page.status_code == 409
    conflict = page.context["conflicts"][0]
    assert (conflict.label, conflict.theirs, conflict.mine) == ("咨询方式 1 · 电话", "9999", "1111")
    assert 'value="1111"' in page.content.decode()
    assert contacts(draft)[0] == ("资源处", "9999")


@pytest.mark.parametrize(("takes_theirs", "phone"), [(True, "9999"), (False, "1111")])
def test_the_second_decides_and_saves_again(one, draft, takes_theirs, phone):
    sent = sent_of(PartPage("contacts", draft)) | {"contacts-0-phone": "1111"}
    Contact.objects.filter(name="资源处").update(phone="9999")
    page = one.post(at("part", draft.pk, "contacts"), sent)
    again = sent | {"seen": page.context["seen"]}
    if takes_theirs:
        again |= {"theirs": page.context["conflicts"][0].unit}

    one.post(at("part", draft.pk, "contacts"), again)

    assert contacts(draft)[0] == ("资源处", phone)


def test_rows_added_and_dropped_by_both_are_all_as_meant(one, draft):
    sent = sent_of(PartPage("contacts", draft))
    Contact.objects.create(call=draft, kind="technical", name="对方新加", phone="1", order=3)
    Contact.objects.filter(name="服务中心").delete()
    mine = {
        "contacts-TOTAL_FORMS": 3,
        "contacts-2-kind": "finance",
        "contacts-2-name": "我新加",
        "contacts-2-phone": "2",
        "contacts-2-ORDER": 9,
    }

    page = one.post(at("part", draft.pk, "contacts"), sent | mine)

    assert page.status_code == 302

    assert [name for name, _phone in contacts(draft)] == ["资源处", "对方新加", "我新加"]


def test_a_row_dropped_by_the_other_while_i_wrote_in_it_is_asked_about(one, draft):
    sent = sent_of(PartPage("contacts", draft))
    Contact.objects.filter(name="服务中心").delete()

    page = one.post(at("part", draft.pk, "contacts"), sent | {"contacts-1-phone": "7777"})

    assert page.status_code == 409
    assert page.context["conflicts"][0].theirs == "已被删除"
    assert 'value="7777"' in page.content.decode()


def test_a_rule_and_a_question_are_kept_the_same_way(one, draft):
    rule = EligibilityRule.objects.create(
        call=draft, code="R1", text="条文", clause="第一条", scope="unit", automation="manual", order=1
    )
    page = one.get(at("rule", draft.pk, rule.pk))
    sent = sent_of(page.context["form"]) | {"text": "我的条文"}
    EligibilityRule.objects.update(text="对方的条文")

    answer = one.post(at("rule", draft.pk, rule.pk), sent)

    assert answer.status_code == 409
    assert EligibilityRule.objects.get().text == "对方的条文"

    section = draft.sections.create(code="s", title="部分", order=1)
    question = Question.objects.create(
        call=draft, section=section, code="q", kind="line", label="题目", config={"max_length": 10}, order=1
    )
    page = one.get(at("question", draft.pk, question.pk))
    sent = sent_of(page.context["form"]) | {"label": "我的题目", "config-sent": "1"}
    Question.objects.update(config={"max_length": 20})

    assert one.post(at("question", draft.pk, question.pk), sent | {"do": "stay"}).status_code == 302
    question.refresh_from_db()
    assert (question.label, question.config) == ("我的题目", {"max_length": 20})


def test_what_is_stored_between_joining_and_saving_is_seen_under_the_lock(one, draft, monkeypatch):
    sent = sent_of(PartPage("notice", draft)) | {"notice": "第一条 我的正文"}
    join = together.join

    def joined(make, data):
        found = join(make, data)
        Call.objects.filter(pk=draft.pk).update(notice="对方的正文")
        return found

    monkeypatch.setattr(together, "join", joined)

    page = one.post(at("part", draft.pk, "notice"), sent)

    assert page.status_code == 422
    assert Call.objects.get(pk=draft.pk).notice == "对方的正文"
    assert "我的正文" in page.content.decode()
