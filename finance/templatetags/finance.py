"""Amounts in messages, whose context holds them as text."""

from django import template

from core.money import wan

register = template.Library()


@register.filter
def in_wan(amount: str) -> str:
    """元 as text → "50 万元"."""
    return wan(amount)
