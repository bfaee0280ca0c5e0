"""Where each page is. An id of an experiment, recommender or metric in an address is its key, so
below `experiments/`, `recommenders/` and `metrics/` there is nothing else.
"""

from django.contrib.auth.views import LogoutView
from django.urls import path

from dashboard import experiment_parts
from dashboard.views import (
    audit,
    changes,
    clock,
    closing,
    compare,
    data,
    design,
    drill,
    experiment,
    experiments,
    imports,
    keys,
    layers,
    life,
    log_rows,
    metrics,
    notices,
    outlook,
    overrides,
    overview,
    people,
    promoting,
    recommender,
    recommenders,
    reports,
    searches,
    session,
    slate_rules,
    trail,
    training,
    try_out,
    user,
    version,
    wizard,
    wizard_parts,
)

app_name = "dashboard"

urlpatterns = [
    path("", overview.page, name="overview"),
    path("overview/live/", overview.live, name="overview-live"),
    path("login/", session.login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("pulse/", session.pulse, name="pulse"),
    path("experiments/", experiments.listing, name="experiments"),
    path("new-experiment/", wizard.begin, name="experiment-new"),
    path("new-experiment/buckets/", wizard_parts.buckets, name="wizard-buckets"),
    path("new-experiment/newcomers/", wizard_parts.newcomers, name="wizard-newcomers"),
    path("new-experiment/slates/", wizard_parts.slates, name="wizard-slates"),
    path("new-experiment/<int:pk>/discard/", wizard.discard, name="sketch-discard"),
    path("new-experiment/<int:pk>/<str:step>/", wizard.sketch, name="sketch"),
    path("new-experiment/outlook/", outlook.part, name="outlook"),
    path("new-experiment/outlook/count/", outlook.count, name="outlook-count"),
    path("experiments/<slug:key>/", experiment.page, name="experiment"),
    *(
        path(f"experiments/<slug:key>/{tab}/", experiment.page, {"tab": tab}, f"experiment-{tab}")
        for tab in experiment_parts.TABS
        if tab != "results"
    ),
    path("experiments/<slug:key>/scorecard/", experiment.scorecard, name="experiment-scorecard"),
    path("experiments/<slug:key>/scorecard.csv", experiment.scorecard_file, name="experiment-csv"),
    path("experiments/<slug:key>/live/", experiment.live, name="experiment-live"),
    path("experiments/<slug:key>/metrics/<slug:metric>/", drill.page, name="experiment-metric"),
    *(
        path(
            f"experiments/<slug:key>/{move}/",
            life.move,
            {"move": move},
            name=f"experiment-{move}",
        )
        for move in life.DONE
    ),
    path("experiments/<slug:key>/keep/", life.keep, name="experiment-keep"),
    path("experiments/<slug:key>/ship/", closing.ship, name="experiment-ship"),
    path("experiments/<slug:key>/archive/", closing.archive, name="experiment-archive"),
    path("experiments/<slug:key>/changes/", changes.page, name="changes"),
    *(
        path(f"experiments/<slug:key>/changes/{name}/", view, name=f"changes-{name}")
        for name, view in (
            ("traffic", changes.traffic),
            ("traffic-preview", changes.traffic_preview),
            ("arms", changes.arms),
            ("preview", changes.preview),
            ("kill", changes.kill),
            ("words", changes.words),
            ("override", changes.override),
            ("override-remove", changes.override_remove),
        )
    ),
    path("experiments/<slug:key>/edit/", wizard.edit, name="experiment-edit"),
    path("experiments/<slug:key>/edit/discard/", wizard.discard_changes, name="changes-discard"),
    path("experiments/<slug:key>/edit/<str:step>/", wizard.edit, name="experiment-edit-step"),
    path("experiments/<slug:key>/overrides/", overrides.page, name="draft-overrides"),
    path(
        "experiments/<slug:key>/overrides/remove/", overrides.remove, name="draft-override-remove"
    ),
    path("experiments/<slug:key>/clock/", clock.page, name="clock"),
    *(
        path(f"experiments/<slug:key>/clock/{name}/", view, name=f"clock-{name}")
        for name, view in (
            ("schedule", clock.schedule),
            ("ramp", clock.ramp),
            ("advance", clock.advance),
            ("cancel", clock.cancel),
        )
    ),
    path("experiments/<slug:key>/delete/", life.delete, name="experiment-delete"),
    path("experiments/<slug:key>/reports/", reports.make, name="report-new"),
    path("experiments/<slug:key>/reports/<int:pk>/revoke/", reports.revoke, name="report-revoke"),
    path("reports/<str:token>/", reports.page, name="report"),
    path("experiments/<slug:key>/analyse/", experiment.analyse, name="experiment-analyse"),
    path("recommenders/", recommenders.listing, name="recommenders"),
    path("new-recommender/", recommenders.register, name="recommender-new"),
    path("compare-recommenders/", compare.page, name="recommender-compare"),
    path("try-recommenders/", try_out.page, name="recommender-try"),
    path("recommenders/<slug:key>/", recommender.page, name="recommender"),
    path("recommenders/<slug:key>/live/", recommender.live, name="recommender-live"),
    path("recommenders/<slug:key>/training/", training.settings, name="recommender-training"),
    path(
        "recommenders/<slug:key>/versions/<int:number>/", version.page, name="recommender-version"
    ),
    path(
        "recommenders/<slug:key>/versions/<int:number>/promote/",
        promoting.promote,
        name="version-promote",
    ),
    path("recommenders/<slug:key>/back/", promoting.roll_back, name="recommender-back"),
    path("recommenders/<slug:key>/searches/", searches.live, name="recommender-searches"),
    path("recommenders/<slug:key>/search/", searches.start, name="recommender-search"),
    path(
        "recommenders/<slug:key>/searches/<int:pk>/cancel/",
        searches.cancel,
        name="recommender-search-cancel",
    ),
    path(
        "recommenders/<slug:key>/searches/<int:pk>/register/",
        searches.register,
        name="recommender-search-register",
    ),
    path("recommenders/<slug:key>/train/", recommender.train, name="recommender-train"),
    path(
        "recommenders/<slug:key>/trainings/<int:pk>/cancel/",
        recommender.cancel,
        name="recommender-cancel",
    ),
    path("metrics/", metrics.listing, name="metrics"),
    path("new-metric/", metrics.define, name="metric-new"),
    path("metric-preview/", metrics.preview, name="metric-preview"),
    path("metrics/<slug:key>/", metrics.page, name="metric"),
    path("metrics/<slug:key>/archive/", metrics.archive, name="metric-archive"),
    path("metrics/<slug:key>/restore/", metrics.restore, name="metric-restore"),
    path("data/", data.page, name="data"),
    path("data/live/", data.live, name="data-live"),
    path("data/import/", imports.page, name="data-import"),
    path("data/import/<int:pk>/", imports.job, name="data-import-job"),
    path("data/import/<int:pk>/live/", imports.live, name="data-import-live"),
    path("data/import/<int:pk>/check/", imports.check, name="data-import-check"),
    path("data/import/<int:pk>/start/", imports.start, name="data-import-start"),
    path("data/import/<int:pk>/cancel/", imports.cancel, name="data-import-cancel"),
    path("data/rows/", log_rows.page, name="data-rows"),
    path("data/user/", user.page, name="data-user"),
    path("data/audit/", audit.page, name="data-audit"),
    path("data/audit/live/", audit.live, name="data-audit-live"),
    path("data/audit/run/", audit.run, name="data-audit-run"),
    path("data/audit/<int:pk>/cancel/", audit.cancel, name="data-audit-cancel"),
    path("data/rules/", data.add_rule, name="data-rule"),
    path("data/rules/<int:pk>/remove/", data.remove_rule, name="data-rule-remove"),
    path("settings/notices/", notices.listing, name="notices"),
    path("settings/notices/webhooks/", notices.add, name="notice-webhook-new"),
    path("settings/notices/webhooks/<int:pk>/", notices.page, name="notice-webhook"),
    path("settings/notices/webhooks/<int:pk>/test/", notices.test, name="notice-webhook-test"),
    path("settings/notices/webhooks/<int:pk>/remove/", notices.remove, name="notice-webhook-gone"),
    path("settings/notices/deliveries/<int:pk>/again/", notices.again, name="notice-again"),
    path("settings/notices/email/", notices.email, name="notice-email"),
    path("settings/notices/email/test/", notices.email_test, name="notice-email-test"),
    path("settings/keys/", keys.listing, name="keys"),
    path("settings/keys/<int:pk>/", keys.page, name="key"),
    path("settings/keys/<int:pk>/revoke/", keys.revoke, name="key-revoke"),
    path("settings/layers/", layers.page, name="layers"),
    path("settings/layers/new/", layers.add_layer, name="layer-new"),
    path("settings/placements/new/", layers.add_placement, name="placement-new"),
    path(
        "settings/placements/<slug:key>/default/", layers.change_default, name="placement-default"
    ),
    path("settings/placements/<slug:key>/rules/", slate_rules.page, name="placement-rules"),
    path("settings/placements/<slug:key>/rules/pin/", slate_rules.pin, name="placement-pin"),
    path("settings/placements/<slug:key>/rules/bury/", slate_rules.bury, name="placement-bury"),
    path(
        "settings/placements/<slug:key>/rules/remove/",
        slate_rules.remove,
        name="placement-rule-remove",
    ),
    path("settings/holdouts/new/", layers.add_holdout, name="holdout-new"),
    path("settings/holdouts/<slug:key>/share/", layers.change_share, name="holdout-share"),
    path("settings/holdouts/<slug:key>/end/", layers.end_holdout, name="holdout-end"),
    path("settings/people/", people.listing, name="people"),
    path("settings/people/<int:pk>/role/", people.set_role, name="person-role"),
    path("settings/people/<int:pk>/deactivate/", people.deactivate, name="person-deactivate"),
    path("settings/people/<int:pk>/reactivate/", people.reactivate, name="person-reactivate"),
    path("settings/people/<int:pk>/password/", people.renew_password, name="person-password"),
    path("settings/password/", people.password, name="password"),
    path("settings/trail/", trail.page, name="trail"),
    path("settings/design/", design.page, name="design"),
]
