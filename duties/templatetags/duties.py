"""What is owed about an application or its project, on its pages."""

from django import template

from duties import dates, queries

register = template.Library()


@register.inclusion_tag("duties/includes/_owed.html", takes_context=True)
def duties_of(context, application) -> dict:
    """The duties that the reader may see; without any in the call no query."""
    user, owed = context["request"].user, []
    if dates.terms_of(application.call):
        owed = list(queries.of_application(application, user))
    return {"owed": owed, "now": context.get("now")}
