from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("my/profile/", views.profile, name="profile"),
    path("my/record/", views.own_record, name="own_record"),
    path("my/token/", views.token, name="token"),
    path("my/units/", views.units, name="units"),
    path("my/units/register/", views.register, name="register"),
    path("my/units/register/abroad/", views.register_abroad, name="register_abroad"),
    path("my/units/register/team/", views.register_team, name="register_team"),
    path("my/units/<int:pk>/found/", views.found_unit, name="found_unit"),
    path("my/units/check-code/", views.check_code, name="check_code"),
    path("my/units/join/<str:credit_code>/", views.join, name="join"),
    path("my/units/<int:pk>/", views.unit, name="unit"),
    path("my/units/<int:pk>/edit/", views.edit_unit, name="edit_unit"),
    path("my/units/<int:pk>/members/", views.grant, name="grant"),
    path("my/members/<int:pk>/end/", views.end_member, name="end_member"),
    path("my/subordinations/<int:pk>/", views.answer_unit, name="answer_unit"),
    path("my/join-requests/<int:pk>/", views.decide_join, name="decide_join"),
]
