"""The admin's navigation: what each role works on, in the order in which the work comes."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib import admin
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role


@dataclass(frozen=True)
class Item:
    """A list in the admin: `model` as "app.Model"; `query` narrows it."""

    model: str
    icon: str
    title: object = None
    query: str = ""


@dataclass(frozen=True)
class Group:
    """A heading, the roles it is for (everybody who sees everything sees it too) and its lists."""

    title: object
    roles: frozenset
    items: tuple[Item, ...]


_MANAGER = frozenset({Role.PROGRAMME_MANAGER})
_DECIDERS = _MANAGER | {Role.LEADER}

GROUPS = (
    Group(
        gettext_lazy("评审专家"),
        frozenset({Role.EXPERT}),
        (Item("reviews.Assignment", "rate_review", gettext_lazy("我的评审")),),
    ),
    Group(
        gettext_lazy("计划与通知"),
        _MANAGER,
        (
            Item("grants.Programme", "account_tree"),
            Item("grants.Call", "campaign"),
            Item("grants.Topic", "format_list_numbered"),
            Item("grants.Dictionary", "menu_book"),
        ),
    ),
    Group(
        gettext_lazy("需求与申报"),
        _MANAGER | {Role.DIVISION_HEAD},
        (
            Item("exchange.Demand", "lightbulb"),
            Item("applications.Application", "description"),
            Item("applications.Application", "fact_check", gettext_lazy("形式审查"), "state=formal_check"),
            Item("applications.Appeal", "balance"),
            Item("applications.RecommendationLetter", "mark_email_read"),
            Item("applications.PastProject", "history"),
        ),
    ),
    Group(
        gettext_lazy("专家与评审"),
        _MANAGER,
        (
            Item("reviews.Panel", "groups", query="state=expert_review"),
            Item("reviews.Expert", "school"),
            Item("reviews.LibraryRule", "event_repeat"),
            Item("reviews.Assignment", "assignment_ind", gettext_lazy("评审任务")),
            Item("reviews.Review", "grading"),
            Item("reviews.DemanderChoice", "how_to_vote"),
        ),
    ),
    Group(
        gettext_lazy("立项与公示"),
        _DECIDERS,
        (
            Item("awards.Proposal", "balance"),
            Item("awards.Decision", "gavel"),
            Item("awards.Publicity", "campaign"),
            Item("awards.Objection", "report"),
            Item("awards.Award", "verified"),
            Item("awards.Agreement", "contract"),
            Item("milestones.Termination", "block"),
            Item("applications.Sanction", "policy"),
        ),
    ),
    Group(
        gettext_lazy("里程碑"),
        _MANAGER,
        (
            Item("milestones.Milestone", "flag"),
            Item("milestones.Report", "upload_file"),
            Item("milestones.Extension", "update"),
            Item("milestones.Change", "edit_note"),
            Item("duties.Duty", "assignment_turned_in"),
        ),
    ),
    Group(
        gettext_lazy("备案平台"),
        _DECIDERS,
        (
            Item("facilities.Facility", "science"),
            Item("facilities.AnnualEvaluation", "fact_check"),
        ),
    ),
    Group(
        gettext_lazy("经费"),
        frozenset({Role.FINANCE, Role.LEADER, Role.PROGRAMME_MANAGER}),
        (
            Item("finance.Appropriation", "account_balance"),
            Item("finance.Instalment", "payments"),
            Item("finance.Payment", "receipt_long"),
            Item("accounts.BankAccount", "account_balance_wallet"),
            Item("finance.Refund", "assignment_return"),
            Item("finance.RefundReceipt", "savings"),
            Item("equity.Deal", "pie_chart"),
        ),
    ),
    Group(
        gettext_lazy("监督"),
        frozenset({Role.SUPERVISION}),
        (
            Item("awards.Objection", "report"),
            Item("reviews.Conflict", "block"),
            Item("accounts.IntegrityRecord", "gpp_bad"),
        ),
    ),
    Group(
        gettext_lazy("期限与消息"),
        _DECIDERS | {Role.DIVISION_HEAD, Role.FINANCE, Role.SUPERVISION},
        (
            Item("notifications.Deadline", "event_upcoming"),
            Item("notifications.Notice", "mark_email_read"),
            Item("notifications.NoticeRule", "assignment_turned_in"),
            Item("notifications.ReminderPolicy", "notifications_active"),
            Item("notifications.Delivery", "outgoing_mail"),
        ),
    ),
    Group(
        gettext_lazy("单位与人员"),
        _MANAGER,
        (Item("accounts.Organisation", "apartment"), Item("accounts.OrganisationFact", "verified")),
    ),
    Group(
        gettext_lazy("系统"),
        frozenset({Role.SYSADMIN}),
        (
            Item("accounts.User", "person"),
            Item("accounts.Organisation", "apartment"),
            Item("accounts.OrganisationFact", "verified"),
            Item("accounts.RoleAssignment", "badge"),
            Item("accounts.JoinRequest", "group_add"),
            Item("core.CalendarDay", "calendar_month"),
            Item("grants.Dictionary", "menu_book"),
            Item("notifications.ReminderPolicy", "notifications_active"),
            Item("notifications.Gateway", "hub"),
            Item("notifications.Delivery", "outgoing_mail"),
        ),
    ),
)


def navigation(request) -> list[dict]:
    """The groups of the person's roles, with the lists they may see. No query: roles are read once."""
    user = request.user
    roles = user.scope.roles
    shown: set[tuple[str, str]] = set()
    groups = [
        {
            "title": "",
            "items": [
                {"title": _("工作台"), "icon": "dashboard", "link": reverse("admin:index")},
                {"title": _("我的待办"), "icon": "checklist", "link": reverse("portal:todo")},
            ],
        }
    ]
    for group in GROUPS:
        # An expert's desk is nobody else's, however much they may see.
        sees_all = user.scope.sees_everything and Role.EXPERT not in group.roles
        if not (group.roles & roles or sees_all):
            continue
        items = [_link(item, request) for item in group.items if _may_see(request, item, shown)]
        shown |= {(item.model, item.query) for item in group.items}
        if items:
            groups.append({"title": str(group.title), "separator": True, "items": items})
    return groups


def _may_see(request, item: Item, shown: set) -> bool:
    """Registered, permitted, and not listed under an earlier heading of the same person."""
    model_admin = admin.site._registry.get(apps.get_model(item.model))
    permitted = bool(model_admin) and model_admin.has_view_permission(request)
    return permitted and (item.model, item.query) not in shown


def _link(item: Item, request) -> dict:
    model = apps.get_model(item.model)._meta
    url = reverse(f"admin:{model.app_label}_{model.model_name}_changelist")
    return {
        "title": str(item.title or model.verbose_name_plural),
        "icon": item.icon,
        "link": f"{url}?{item.query}" if item.query else url,
        "active": request.path.startswith(url) and _narrowed(request, item.model) == item.query,
    }


def _narrowed(request, model: str) -> str:
    """The query of the list of the model that is looked at; the wider list where none of them fits."""
    queries = {item.query for group in GROUPS for item in group.items if item.model == model}
    for query in queries - {""}:
        if all(request.GET.get(name) == value for name, value in QueryDict(query).items()):
            return query
    return "" if "" in queries else queries.pop()
