from django.urls import path

from facilities import views

app_name = "facilities"

urlpatterns = [
    path("", views.facility_list, name="list"),
    path("registry/", views.registry, name="registry"),
    path("<int:pk>/", views.facility, name="facility"),
    path("<int:pk>/again/", views.ask_again, name="again"),
    path("<int:pk>/cases/", views.cases, name="cases"),
    path("<int:pk>/cases/export/", views.export, name="export"),
    path("<int:pk>/cases/new/", views.new_case, name="new_case"),
    path("cases/<int:pk>/", views.case, name="case"),
    path("cases/<int:pk>/delete/", views.drop_case, name="drop_case"),
    path("evaluations/<int:pk>/", views.evaluation, name="evaluation"),
    path("evaluations/<int:pk>/report/", views.report, name="report"),
    path("evaluations/<int:pk>/return/", views.give_back, name="return"),
]
