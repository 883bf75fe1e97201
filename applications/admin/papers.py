"""Copies on paper on the desk: who has sent how many; recorded one by one or for a whole delivery."""

from django.contrib import messages
from django.contrib.admin import SimpleListFilter, action, display
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from applications import actions, queries, rules
from applications.forms.papers import ExcuseForm, PaperForm, PapersForm
from applications.models import Application, RuleStatus, copies_received, lacks_a_kind
from core.admin import button, dress
from core.calendar import local_date
from core.sent import numbers
from core.workflow import Refused
from grants.models import PAPER_RULE

MOST = 200


class PaperFilter(SimpleListFilter):
    """How far the copies are that the notice wants; offered within every list, empty where none are asked."""

    title = _("纸质材料")
    parameter_name = "paper"

    def lookups(self, request, model_admin):
        return [
            ("none", _("尚未收到")),
            ("some", _("份数不足")),
            ("all", _("已收齐")),
            ("late", _("逾期或不足，已过截止")),
        ]

    def queryset(self, request, queryset):
        asked = queryset.filter(call__paper_copies__isnull=False, version__gt=0)
        asked = asked.exclude(pk__in=queries.let_off().order_by().values("application_id"))
        if self.value() == "none":
            return asked.filter(papers=0)
        short = Q(papers__lt=F("call__paper_copies")) | Q(lacks_a_kind())
        if self.value() == "some":
            return asked.filter(short, papers__gt=0)
        if self.value() == "all":
            return asked.exclude(short)
        if self.value() == "late":
            missed = Q(status__in=(RuleStatus.FAILED, RuleStatus.WARNING), officer_status="")
            return queries.having(asked, missed, rule__code=PAPER_RULE)
        return queryset


def _rows(chosen):
    """The lines of a delivery: for each application one for each kind that is counted apart; one query more
    where any are."""
    kinds = {application.pk: list(application.call.paper_kinds.all()) for application in chosen}
    came = queries.came_by_kind(chosen) if any(kinds.values()) else {}
    for application in chosen:
        for kind in kinds[application.pk]:
            number = came.get((application.pk, kind.pk), 0)
            yield application, kind, number, max(0, kind.copies - number)
        if not kinds[application.pk]:
            missing = max(0, application.call.paper_copies - application.papers)
            yield application, None, application.papers, missing


def _can_be_recorded(form: PapersForm, at) -> bool:
    """What cannot be is said beside its field: nothing that was typed is lost over a wrong day."""
    data = form.cleaned_data
    days = data["received_date"], data["posted_date"]
    for application, _kind, name in form.rows:
        try:
            if data.get(name):
                rules.check_papers(application, data[name], *days, at=at)
        except Refused as refused:
            field = refused.field if refused.field in form.fields else name
            if not form.has_error(field):
                form.add_error(field, refused.sentence)
    return form.is_valid()


class PaperMixin:
    """Column, buttons and the page for a delivery; `ApplicationAdmin` takes it."""

    @display(description=_("纸质材料"), ordering="papers")
    def paper(self, application):
        asked = application.call.paper_copies
        return f"{application.papers} / {asked}" if asked and application.version else "—"

    @button(
        _("登记纸质材料"),
        form=PaperForm,
        may=lambda user, application: rules.allowed(rules.check_can_receive_papers, user, application),
        text=_("收到一次登记一次；份数够、时间对的，形式审查的那一条自动记为符合。"),
        icon="inventory_2",
    )
    def receive_papers(self, request, application, data, at):
        actions.receive_papers(application=application, by=request.user, at=at, **data)
        papers = queries.papers_of(application)
        return _("已登记，共收到 %(copies)s 份，应为 %(asked)s 份。") % {
            "copies": papers.copies,
            "asked": papers.asked,
        }

    @button(
        _("免报纸质材料"),
        form=ExcuseForm,
        may=lambda user, application: rules.allowed(rules.check_can_excuse_papers, user, application),
        text=_("没有收齐也继续办理，理由记入办理经过；等待纸质材料的决定、签订可以继续。"),
        icon="inventory",
    )
    def excuse_papers(self, request, application, data, at):
        actions.excuse_papers(application=application, reason=data["reason"], by=request.user, at=at)
        return _("已免报纸质材料。")

    @action(description=_("登记收到纸质材料"), permissions=["batch"])
    def receive(self, request, queryset):
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            messages.error(request, _("一次最多登记 %(n)s 份申报书，请先筛选。") % {"n": MOST})
            return None
        address = reverse("admin:applications_application_papers")
        return redirect(f"{address}?{urlencode({'ids': ','.join(map(str, keys))})}")

    def get_urls(self):
        wrap = self.admin_site.admin_view
        page = path("papers/", wrap(self.papers_page), name="applications_application_papers")
        return [page, *super().get_urls()]

    def papers_page(self, request):
        """What came together: one day, a number for each; what cannot be recorded says why."""
        if not request.user.has_role(Role.PROGRAMME_MANAGER, Role.SYSADMIN):
            raise PermissionDenied
        keys = numbers(request.GET.get("ids", "").split(","))[:MOST]
        seen = Application.objects.visible_to(request.user).filter(pk__in=keys)
        seen = seen.exclude(pk__in=queries.let_off().order_by().values("application_id"))
        seen = seen.filter(call__paper_copies__isnull=False).annotate(papers=copies_received())
        seen = seen.select_related("call__programme", "organisation").prefetch_related("call__paper_kinds")
        chosen = list(seen.order_by("-pk"))
        if not chosen:
            messages.error(request, _("所选的申报书都不要求报送纸质材料。"))
            return redirect("admin:applications_application_changelist")
        now = timezone.now()
        form = PapersForm(
            request.POST or None,
            rows=_rows(chosen),
            initial={"received_date": local_date(now)},
        )
        back = f"{reverse('admin:applications_application_changelist')}?paper=none"
        if form.is_bound and form.is_valid() and _can_be_recorded(form, now):
            self._receive(request, form, now)
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("登记收到纸质材料"),
            "form": dress(form),
            "back": back,
        }
        status = 422 if form.is_bound and not form.is_valid() else 200
        return render(request, "applications/admin/papers.html", context, status=status)

    def _receive(self, request, form, now):
        days = {name: form.cleaned_data[name] for name in ("received_date", "posted_date", "note")}
        done = actions.receive_many(parcels=form.copies(), by=request.user, at=now, **days)
        recorded = sum(one.is_done for one in done)
        if recorded:
            messages.success(request, _("已登记 %(n)s 份申报书的纸质材料。") % {"n": recorded})
        for one in done:
            if not one.is_done:
                messages.error(request, f"{one.application.number}：{one.sentence}")
