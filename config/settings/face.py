"""What people see: crispy forms in the portal, unfold in the admin with the portal's colours."""

from django.utils.translation import gettext_lazy as _

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

UNFOLD = {
    "SITE_TITLE": _("揭榜管理后台"),
    "SITE_HEADER": _("揭榜"),
    "SITE_SUBHEADER": _("科技计划项目管理"),
    "SITE_URL": "/",
    "SITE_ICON": "portal.desk.seal",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "portal.desk.seal"}],
    "ENVIRONMENT": "portal.desk.environment",
    "DASHBOARD_CALLBACK": "portal.desk.index",
    "STYLES": ["portal.desk.stylesheet"],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "portal.desk.language_url"},
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "THEME": "light",
    "BORDER_RADIUS": "4px",
    "COLORS": {
        # Ink greys and the portal's teal; white text on 600 and 600 on white both reach 7:1.
        "base": {
            "50": "#f5f6f4",
            "100": "#ebeeec",
            "200": "#d6dbd8",
            "300": "#bcc5c3",
            "400": "#8a959b",
            "500": "#5f6c75",
            "600": "#4a5862",
            "700": "#36444e",
            "800": "#27343d",
            "900": "#1d2a33",
            "950": "#121b21",
        },
        "primary": {
            "50": "#eef5f7",
            "100": "#dcebef",
            "200": "#bcd7de",
            "300": "#8fbac6",
            "400": "#5795a6",
            "500": "#2c7488",
            "600": "#0f5063",
            "700": "#0d4454",
            "800": "#0a3947",
            "900": "#082d38",
            "950": "#051d25",
        },
    },
    "ACCOUNT": {"navigation": "portal.desk.account_links"},
    "SIDEBAR": {"show_search": False, "navigation": "portal.sidebar.navigation"},
}
