"""Eligibility rules and money clauses on the desk: lists, templates, the editor, trying one out."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from desk import actions, money_kinds, trial
from desk.admin.pages import DeskPages, address, made, still
from desk.forms import together
from desk.forms.clauses import MoneyRuleForm
from desk.forms.rules import RuleForm, TemplateForm, TrialForm
from desk.parts import BY_NAME
from desk.rule_templates import BY_CODE, TEMPLATES
from desk.rule_templates.kind import GROUP_LABELS
from grants.models import Automation, EligibilityRule, MoneyRule, RuleScope, Severity

KINDS = {"rules": (EligibilityRule, RuleForm, "rule"), "clauses": (MoneyRule, MoneyRuleForm, "clause")}
MOST_UNITS = 200


class RuleViews(DeskPages):
    """Pages of the parts "rules" and "clauses"."""

    def rules_page(self, request, call, part):
        return self._list(request, call, part, call.rules.select_related("project_type").order_by("order"))

    def clauses_page(self, request, call, part):
        rows = list(call.money_rules.select_related("project_type").order_by("order"))
        names = names_of(call)
        for row in rows:
            row.sentence = money_kinds.sentence(row, names)
        return self._list(request, call, part, rows)

    def _list(self, request, call, part, rows):
        if request.method == "POST":
            self.check_may_edit(request, call, part.name)
            known = {str(row.pk): row for row in rows}
            order = [known[key] for key in request.POST.getlist("item") if key in known]
            if len(order) == len(known) and order:
                done = _("顺序已保存。")
                self.do(request, actions.reorder, call=call, part=part.name, rows=order, success=done)
            else:
                messages.error(request, _("别人刚刚改了这一部分，请核对后再调整顺序。"))
            return self.to_part(call, part.name)
        return self.desk_page(
            request,
            call,
            f"{part.name}.html",
            part=part,
            rows=rows,
            can_edit=self.may_edit(request, call, part.name),
            problems=self.part_problems(call, part),
        )

    # ---- templates ----

    def templates_view(self, request, object_id):
        """All templates by group; a script filters them while one types."""
        call = self.call_or_404(request, object_id)
        self.check_may_edit(request, call, "rules")
        groups = [
            (label, [template for template in TEMPLATES if template.group == group])
            for group, label in GROUP_LABELS.items()
        ]
        return self.desk_page(
            request, call, "templates.html", part=BY_NAME["rules"], groups=groups, count=len(TEMPLATES)
        )

    def template_view(self, request, object_id, code):
        """Fill in one template; the rule it makes is saved and shown."""
        call = self.call_or_404(request, object_id)
        self.check_may_edit(request, call, "rules")
        template = BY_CODE.get(code)
        if template is None:
            raise Http404
        form = TemplateForm(request.POST or None, template=template, call=call)
        if request.method == "POST" and form.is_valid():
            rule = form.rule()
            page = _Stored(rule)
            if self.do(
                request,
                actions.save_part,
                call=call,
                part="rules",
                page=page,
                success=_("已添加条件 %(code)s：%(text)s") % {"code": rule.code, "text": rule.text},
            ):
                if request.POST.get("do") == "another":
                    return redirect(address("templates", call.pk))
                return redirect(address("rule", call.pk, rule.pk))
        status = 422 if request.method == "POST" else 200
        return self.desk_page(
            request,
            call,
            "template.html",
            status=status,
            part=BY_NAME["rules"],
            template=template,
            form=form,
        )

    # ---- one rule ----

    def rule_view(self, request, object_id, pk=None):
        return self._editor(request, object_id, "rules", pk)

    def clause_view(self, request, object_id, pk=None):
        return self._editor(request, object_id, "clauses", pk)

    def _editor(self, request, object_id, part, pk):
        call = self.call_or_404(request, object_id)
        model, form_class, template = KINDS[part]
        row = get_object_or_404(model, call=call, pk=pk) if pk else _new(model, call)
        context = {"row": row, "result": None, "trial": TrialForm(user=request.user), "status": 200}
        form, joined = form_class(call=call, instance=row), None
        context["seen"] = together.seen_of(form) if row.pk else ""
        if request.method == "POST":
            self.check_may_try(request, call, part)
            joined = self.joined(request, made(form_class, call, row))
            context |= {"seen": joined.seen if row.pk else "", "conflicts": joined.conflicts}
            form = form_class(joined.data, call=call, instance=row)
            if request.POST.get("do") == "try":
                context |= self._try(request, call, form)
            elif joined.conflicts:
                context["status"] = 409
            elif self._saved(request, call, part, form, joined):
                self.said_taken(request, call, joined)
                return redirect(self._after_rule(request, call, part, template, form.instance))
            else:
                context["status"] = 422
        context["sentence"] = (
            money_kinds.sentence(row, names_of(call)) if part == "clauses" and row.kind else ""
        )
        return self.desk_page(
            request,
            call,
            f"{template}.html",
            part=BY_NAME[part],
            form=form,
            can_edit=self.may_edit(request, call, part),
            units=Organisation.objects.order_by("name").values_list("name", flat=True)[:MOST_UNITS],
            **context,
        )

    def check_may_try(self, request, call, part):
        """Trying writes nothing: whoever may see the call's draft may; saving asks for more."""
        if request.POST.get("do") != "try":
            self.check_may_edit(request, call, part)

    def _saved(self, request, call, part, form, joined) -> bool:
        return form.is_valid() and self.do(
            request,
            actions.save_part,
            call=call,
            part=part,
            page=form,
            still=still(type(form), call, form.instance, joined),
            success=_("已保存 %(code)s。") % {"code": form.instance.code},
        )

    def _try(self, request, call, form) -> dict:
        """The result of the rule as it stands on the page, saved or not."""
        asked = TrialForm(request.POST, user=request.user)
        if not (form.is_valid() & asked.is_valid()):
            return {"trial": asked, "status": 422}
        rule, data = form.save(commit=False), asked.cleaned_data
        if data["application"]:
            result = trial.on_application(call, rule, data["application"])
        else:
            result = trial.on_unit(call, rule, data["organisation"], by=request.user, at=timezone.now())
        return {"trial": asked, "result": result, "tried_on": data["application"] or data["organisation"]}

    @staticmethod
    def _after_rule(request, call, part, template, row) -> str:
        if request.POST.get("do") == "stay":
            return address(template, call.pk, row.pk)
        return f"{address('part', call.pk, part)}#r{row.pk}"

    def rule_row_action(self, request, object_id, part, pk, verb):
        """Copy or delete a rule or a clause; POST only."""
        call = self.call_or_404(request, object_id)
        if request.method != "POST":
            raise PermissionDenied
        self.check_may_edit(request, call, part)
        row = get_object_or_404(KINDS[part][0], call=call, pk=pk)
        action, sentence = {
            "copy": (actions.copy_row, _("已复制“%(row)s”。")),
            "delete": (actions.delete_row, _("已删除“%(row)s”。")),
        }[verb]
        self.do(request, action, call=call, part=part, row=row, success=sentence % {"row": row.code})
        return self.to_part(call, part)


class _Stored:
    """A made row as a page to save."""

    def __init__(self, row):
        self.row = row

    def store(self):
        self.row.save()


def _new(model, call):
    last = model.objects.filter(call=call).order_by("-order").first()
    row = model(call=call, order=(last.order if last else 0) + 1)
    row.severity = Severity.BLOCKING
    if model is EligibilityRule:
        row.automation, row.scope = Automation.MANUAL, RuleScope.UNIT
    return row


def names_of(call) -> dict[str, str]:
    """Codes of the budget table → their words."""
    return dict(call.budget_categories.values_list("code", "name")) | dict(
        call.funding_sources.values_list("code", "name")
    )
