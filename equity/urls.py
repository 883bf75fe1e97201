from django.urls import path

from equity import views

app_name = "equity"

urlpatterns = [
    path("", views.deals, name="list"),
    path("<int:pk>/", views.deal, name="deal"),
    path("<int:pk>/buy-back/", views.declare, name="declare"),
    path("<int:pk>/valuation/", views.value, name="value"),
    path("<int:pk>/cap-table/", views.restructure, name="restructure"),
    path("triggers/<int:pk>/", views.report_trigger, name="report_trigger"),
    path("reports/<int:pk>/", views.hand_in, name="hand_in"),
]
