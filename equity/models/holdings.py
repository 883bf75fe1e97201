"""The share itself: registered, bought back or sold, and what came of it. The database holds the sums."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from equity import states
from equity.models.deals import Deal, OfDealQuerySet
from equity.models.terms import PriceFormula

PERCENT = Decimal("0.0001")


class OfHoldingQuerySet(OfDealQuerySet):
    path = "holding__deal__"


class OfTableQuerySet(OfDealQuerySet):
    path = "table__holding__deal__"


class OfExitQuerySet(OfDealQuerySet):
    path = "exit__deal__"


class OfDistributionQuerySet(OfDealQuerySet):
    path = "distribution__exit__deal__"


class Holding(models.Model):
    """The registered share (工商变更), from the day of which the clocks of the share run. Never changes."""

    deal = models.OneToOneField(Deal, models.PROTECT, related_name="+", verbose_name=_("股权项目"))
    registered_date = models.DateField(_("变更登记日期"))
    until_date = models.DateField(_("最长持股至"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("持股")
        verbose_name_plural = pgettext_lazy("list", "持股")
        constraints = [
            models.CheckConstraint(
                condition=Q(until_date__gt=F("registered_date")), name="holding_dates_in_order"
            ),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.registered_date}"

    @property
    def table(self) -> "CapTable":
        """The cap table of the latest day; `queries.holding_of` has them all at hand."""
        return next(iter(self.tables.all()))

    @property
    def earlier(self) -> list["CapTable"]:
        return list(self.tables.all())[1:]


class CapTable(models.Model):
    """Who holds how much of the firm from a day on (股权结构). Whole, and never changed: a change is another.

    The latest day counts.
    """

    holding = models.ForeignKey(Holding, models.PROTECT, related_name="tables", verbose_name=_("持股"))
    as_of_date = models.DateField(_("变更登记日期"))
    shares = models.DecimalField(_("持有股数"), max_digits=16, decimal_places=2)
    total_shares = models.DecimalField(_("总股数"), max_digits=16, decimal_places=2)
    max_percent = models.DecimalField(_("持股上限（%）"), max_digits=7, decimal_places=4)
    not_largest = models.BooleanField(_("不为第一大股东"))
    occasion = models.CharField(_("变动原因"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = OfHoldingQuerySet.as_manager()

    class Meta:
        verbose_name = _("股权结构")
        verbose_name_plural = pgettext_lazy("list", "股权结构")
        ordering = ["-as_of_date", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["holding", "as_of_date"], name="cap_table_day_once"),
            models.CheckConstraint(
                condition=Q(shares__gt=0, shares__lt=F("total_shares")), name="cap_table_part_of_whole"
            ),
            models.CheckConstraint(
                condition=Q(shares__lte=F("total_shares") * F("max_percent") / Decimal(100)),
                name="cap_table_within_cap",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="is_whole",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Insert,
                func="""
                    IF (
                        SELECT COALESCE(sum(shares), 0) FROM equity_shareholding WHERE table_id = NEW.id
                    ) <> NEW.total_shares OR (
                        SELECT COALESCE(sum(shares), 0) FROM equity_shareholding
                        WHERE table_id = NEW.id AND is_public
                    ) <> NEW.shares THEN
                        RAISE EXCEPTION 'the cap table does not add up' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.not_largest AND NOT EXISTS (
                        SELECT 1 FROM equity_shareholding
                        WHERE table_id = NEW.id AND NOT is_public AND shares > NEW.shares
                    ) THEN
                        RAISE EXCEPTION 'the public share is the largest' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.percent.normalize():f}%"

    @property
    def percent(self) -> Decimal:
        return (self.shares * 100 / self.total_shares).quantize(PERCENT)

    def part_of(self, amount: Decimal) -> Decimal:
        """What of an amount falls to the public share."""
        return amount * self.shares / self.total_shares

    def parts(self) -> list[tuple["Shareholding", Decimal]]:
        """Each holder with the share of the whole, of 1."""
        return [(row, row.shares / self.total_shares) for row in self.rows.all()]


class Shareholding(models.Model):
    """One row of a cap table (股东名册)."""

    table = models.ForeignKey(CapTable, models.PROTECT, related_name="rows", verbose_name=_("股权结构"))
    name = models.CharField(_("股东"), max_length=120)
    shares = models.DecimalField(_("股数"), max_digits=16, decimal_places=2)
    is_public = models.BooleanField(_("财政资金"), default=False)

    objects = OfTableQuerySet.as_manager()

    class Meta:
        verbose_name = _("股东名册")
        verbose_name_plural = _("股东名册")
        ordering = ["-shares", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(shares__gt=0), name="shareholding_positive"),
            models.UniqueConstraint(fields=["table", "name"], name="shareholding_name_once"),
            models.UniqueConstraint(
                fields=["table"], condition=Q(is_public=True), name="shareholding_one_public"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            # Rows come with their table: nothing is added to one that was whole already.
            pgtrigger.Trigger(
                name="table_is_whole",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.shares + (
                        SELECT COALESCE(sum(shares), 0) FROM equity_shareholding
                        WHERE table_id = NEW.table_id
                    ) > (SELECT total_shares FROM equity_captable WHERE id = NEW.table_id) THEN
                        RAISE EXCEPTION 'the cap table has more shares than there are'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return self.name


class BuyBackWindow(models.Model):
    """Between these days the team may buy the share back (回购期)."""

    machine = states.WINDOW

    deal = models.OneToOneField(Deal, models.PROTECT, related_name="+", verbose_name=_("股权项目"))
    from_date = models.DateField(_("回购期自"))
    to_date = models.DateField(_("回购期至"))
    team_first = models.BooleanField(_("团队优先回购"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.WindowState, default=states.WindowState.OPEN
    )
    offer = models.DecimalField(_("拟回购价（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    note = models.TextField(_("回购说明"), blank=True)

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("回购期")
        verbose_name_plural = _("回购期")
        constraints = [
            models.CheckConstraint(condition=Q(to_date__gte=F("from_date")), name="window_days_in_order"),
            models.CheckConstraint(
                condition=~Q(state="declared") | Q(offer__gt=0), name="window_declared_has_offer"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="agreed_never_changes",
                operation=pgtrigger.UpdateOf("deal_id", "from_date", "to_date", "team_first")
                | pgtrigger.Delete,
            )
        ]

    def __str__(self):
        return f"{self.from_date} – {self.to_date}"


class Exit(models.Model):
    """A way out of the share: proposed, approved by a leader, paid. One at a time."""

    class Kind(models.TextChoices):
        BUY_BACK = "buy_back", _("团队回购")
        TRANSFER = "transfer", _("转让")
        LISTING = "listing", _("上市减持")
        LIQUIDATION = "liquidation", _("清算")

    machine = states.EXIT

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="exits", verbose_name=_("股权项目"))
    kind = models.CharField(_("退出方式"), max_length=20, choices=Kind)
    price_formula = models.CharField(_("定价方式"), max_length=20, choices=PriceFormula)
    least = models.DecimalField(_("最低价格（元）"), max_digits=16, decimal_places=2)
    price = models.DecimalField(_("价格（元）"), max_digits=16, decimal_places=2)
    counterparty = models.CharField(_("受让方"), max_length=120)
    reason = models.TextField(_("理由"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ExitState, default=states.ExitState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    proposed_at = models.DateTimeField(_("提出时间"))
    received = models.DecimalField(
        _("到账金额（元）"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    received_date = models.DateField(_("到账日期"), null=True, blank=True)
    voucher = models.CharField(_("凭证号"), max_length=60, blank=True)

    objects = OfDealQuerySet.as_manager()

    class Meta:
        verbose_name = _("退出")
        verbose_name_plural = pgettext_lazy("list", "退出")
        ordering = ["proposed_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0, least__gte=0), name="exit_not_negative"),
            # A listing sells at the market's price, a liquidation leaves what is left.
            models.CheckConstraint(
                condition=Q(kind__in=["listing", "liquidation"]) | Q(price__gte=F("least")),
                name="exit_not_below_least",
            ),
            models.UniqueConstraint(
                fields=["deal"], condition=~Q(state="refused"), name="exit_one_at_a_time"
            ),
            models.UniqueConstraint(fields=["voucher"], condition=~Q(voucher=""), name="exit_voucher_once"),
            models.CheckConstraint(
                condition=Q(state="settled", received__gte=0, received_date__isnull=False) & ~Q(voucher="")
                | ~Q(state="settled") & Q(received__isnull=True, received_date__isnull=True, voucher=""),
                name="exit_settled_is_booked",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="proposed_never_changes",
                operation=pgtrigger.UpdateOf(
                    "deal_id", "kind", "price_formula", "least", "price", "counterparty", "reason"
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["settled", "refused"]),
            ),
        ]

    def __str__(self):
        return self.get_kind_display()


class Distribution(models.Model):
    """What became of the money received: principal back to the pool, income to its payees."""

    exit = models.OneToOneField(Exit, models.PROTECT, related_name="+", verbose_name=_("退出"))
    amount = models.DecimalField(_("金额（元）"), max_digits=16, decimal_places=2)
    income = models.DecimalField(_("其中收益（元）"), max_digits=16, decimal_places=2)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("经办人")
    )
    recorded_at = models.DateTimeField(_("登记时间"))

    objects = OfExitQuerySet.as_manager()

    class Meta:
        verbose_name = _("收益分配")
        verbose_name_plural = pgettext_lazy("list", "收益分配")
        constraints = [
            models.CheckConstraint(
                condition=Q(income__gte=0, income__lte=F("amount")), name="distribution_income_in_amount"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="lines_add_up",
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                operation=pgtrigger.Insert,
                func="""
                    IF (
                        SELECT COALESCE(sum(amount), 0) FROM equity_distributionline
                        WHERE distribution_id = NEW.id
                    ) <> NEW.amount OR NEW.amount <> (
                        SELECT received FROM equity_exit WHERE id = NEW.exit_id
                    ) THEN
                        RAISE EXCEPTION 'the distribution does not add up'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return str(self.amount)


class DistributionLine(models.Model):
    """What one payee gets."""

    distribution = models.ForeignKey(Distribution, models.PROTECT, related_name="lines")
    payee = models.CharField(_("分配给"), max_length=60)
    share = models.DecimalField(_("收益比例（%）"), max_digits=5, decimal_places=2)
    amount = models.DecimalField(_("金额（元）"), max_digits=16, decimal_places=2)
    is_pool = models.BooleanField(_("资金池"))

    objects = OfDistributionQuerySet.as_manager()

    class Meta:
        verbose_name = _("分配明细")
        verbose_name_plural = _("分配明细")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="distribution_line_not_negative"),
            models.UniqueConstraint(fields=["distribution", "payee"], name="distribution_line_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="within_amount",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.amount + (
                        SELECT COALESCE(sum(amount), 0) FROM equity_distributionline
                        WHERE distribution_id = NEW.distribution_id
                    ) > (SELECT amount FROM equity_distribution WHERE id = NEW.distribution_id) THEN
                        RAISE EXCEPTION 'more is distributed than came in' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return self.payee
