"""The API: REST framework and its description."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "core.api.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "core.parsers.SoundJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "core.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jiebang 揭榜",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    # Fields called "kind" and "state" are in many tables: each list of values has a name of its own.
    "ENUM_NAME_OVERRIDES": {
        "ApplicationStateEnum": "applications.states.ApplicationState",
        "AssignmentStateEnum": "reviews.states.AssignmentState",
        "CallStateEnum": "grants.states.CallState",
        "DealStateEnum": "equity.states.DealState",
        "DeadlineKindEnum": "notifications.models.DeadlineKind",
        "DeadlineStateEnum": "notifications.states.DeadlineState",
        "DemandKindEnum": "grants.models.DemandKind",
        "DemandStateEnum": "exchange.states.DemandState",
        "EvaluationStateEnum": "facilities.states.EvaluationState",
        "FacilityKindEnum": "facilities.models.FacilityKind",
        "FacilityStateEnum": "facilities.states.FacilityState",
        "InstrumentEnum": "grants.models.Instrument",
        "InstalmentStateEnum": "finance.states.InstalmentState",
        "MilestoneStateEnum": "milestones.states.MilestoneState",
        "PeriodicReportStateEnum": "equity.states.ReportState",
        "TriggerKindEnum": "equity.models.TriggerKind",
        "TriggerStateEnum": "equity.states.TriggerState",
        "NominatorStateEnum": "applications.states.NominatorState",
        "OrganisationKindEnum": "accounts.kinds.OrganisationKind",
        "PublicityStateEnum": "awards.states.PublicityState",
        "TopicStateEnum": "grants.states.TopicState",
    },
}
