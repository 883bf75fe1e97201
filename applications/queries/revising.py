"""What of an application may change after what experts said, and what else did."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications import signals
from applications.models import Application
from applications.queries.answers import questions_of
from applications.queries.content import snapshot
from applications.queries.records import latest_submission
from grants.models import Stage

NOT_WRITTEN = ("answers", "checks", "call", "organisation", "recommender")
"""Of a content: what is compared one by one, or is not the team's to write."""
PARTS = {
    "title": gettext_lazy("项目名称"),
    "summary": gettext_lazy("项目简介"),
    "starts_date": gettext_lazy("开始日期"),
    "ends_date": gettext_lazy("结束日期"),
    "amounts": gettext_lazy("金额"),
    "topic": gettext_lazy("指南方向"),
    "project_type": gettext_lazy("项目类别"),
    "participants": gettext_lazy("参与人员"),
    "budget": gettext_lazy("经费预算"),
    "milestones": gettext_lazy("里程碑"),
}


def suggestions_of(application: Application) -> list[str]:
    """What experts said of the version handed in last, without names."""
    answers = signals.suggesting.send(sender=Application, application=application)
    return [text for _receiver, texts in answers for text in texts if text.strip()]


def revisable_items(application: Application, stage: Stage) -> list[dict]:
    """The questions that may change: {"question", "text"}, as a return names what to mend."""
    asked = [question for question in questions_of(application) if question.code in stage.revises]
    return [
        {"question": row.code, "text": _("可以修改：%(question)s") % {"question": row.label}} for row in asked
    ]


def changed_beside(application: Application, allowed: Collection[str]) -> list[str]:
    """Labels of what differs from the version handed in last, but for the questions `allowed`."""
    old = latest_submission(application).content
    new = snapshot(application)
    before = {answer["code"]: answer["value"] for answer in old["answers"]}
    labels = [
        answer["label"]
        for answer in new["answers"]
        if answer["code"] not in allowed and answer["value"] != before.get(answer["code"])
    ]
    labels += [
        PARTS.get(name, name) for name in new if name not in NOT_WRITTEN and new[name] != old.get(name)
    ]
    return [str(label) for label in labels]
