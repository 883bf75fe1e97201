from django.urls import path

from portal import conditions, date_pages, feeds, ics, projects, records, views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.language, name="language"),
    path("calls/", views.calls, name="calls"),
    path("calls/<int:pk>/", views.call, name="call"),
    path("calls/<int:pk>/could-we-apply/", views.selfcheck, name="selfcheck"),
    path("board/", views.board, name="board"),
    path("board/<int:pk>/", views.topic, name="topic"),
    path("publicity/", views.publicity, name="publicity"),
    path("publicity/<int:pk>/", views.publicity_notice, name="publicity_notice"),
    path("results/", views.results, name="results"),
    path("feeds/<slug:kind>.atom", feeds.Notices(), name="feed"),
    path("calendar/deadlines.ics", ics.deadlines, name="calendar"),
    path("calls/<int:pk>/deadlines.ics", ics.deadlines, name="call_calendar"),
    path("my/units/<int:pk>/record/", records.record, name="record"),
    path("my/units/<int:pk>/record/<int:fact_pk>/confirm/", records.confirm, name="confirm_fact"),
    path("my/units/<int:pk>/record/<slug:part>/", records.add, name="record_add"),
    path("my/subscription/", records.subscription, name="subscription"),
    path("todo/", views.todo, name="todo"),
    path("todo/month/", date_pages.month, name="month"),
    path("todo/month/address/", date_pages.calendar_address, name="calendar_address"),
    path("todo/deadline/<int:pk>/", date_pages.deadline, name="deadline"),
    path("todo/overdue/", date_pages.ladder, name="ladder"),
    path("calendar/own/<str:token>.ics", date_pages.own_calendar, name="own_calendar"),
    path("my/reminders/", date_pages.reminders, name="reminders"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<int:pk>/", views.message, name="message"),
    path("inbox/<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("notices/<int:pk>/", views.notice, name="notice"),
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/conditions/", conditions.conditions, name="conditions"),
]
