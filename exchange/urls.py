from django.urls import path

from exchange import views

app_name = "exchange"

urlpatterns = [
    path("", views.demand_list, name="list"),
    path("new/", views.start, name="start"),
    path("unit-check/", views.unit_check, name="unit_check"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/files/<slug:code>/", views.upload, name="upload"),
    path("public/<int:topic>/files/<int:pk>/", views.public_file, name="public_file"),
    path("<int:pk>/withdraw/", views.withdraw, name="withdraw"),
]
