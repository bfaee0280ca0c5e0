"""Making an experiment in steps: what is typed is kept by itself, and two people lose nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from experiments import baselines, drafts
from experiments.assignment import standings
from experiments.checks import VariantSpec
from experiments.models import Experiment, Override, Placement, PlacementBaseline, Sketch
from people.actors import Actor
from people.models import AuditEntry
from serving import building
from serving.models import PublishedPlan
from tests.acting import start_experiment
from tests.dashboard.factories import START
from tests.dashboard.test_experiment_form import error_of, typed
from tests.dashboard.test_outlook import counted
from tests.dashboard.walking import ADDRESS, send, walk

__all__ = ["typed"]

Make = Callable[..., Experiment]
SCRIPT = {"HTTP_HX_REQUEST": "true"}


def autosave(
    browser: Client, address: str, typed: dict[str, Any], *, page: str = "walker", seen: int = 0
) -> Any:
    """What the page sends by itself while somebody types."""
    return browser.post(address, {"page": page, "seen": seen, **typed}, **SCRIPT)  # type: ignore[arg-type]


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_looking_at_the_first_step_keeps_nothing(browser: Client, home: Placement) -> None:
    page = browser.get(ADDRESS)

    assert "1 field to fill in or correct" in words(page)
    assert error_of(page.content.decode(), "id_name") == ""
    assert not Sketch.objects.exists()


def test_the_first_step_offers_no_more_traffic_than_is_free(
    browser: Client, home: Placement, make_experiment: Make
) -> None:
    def offered() -> str:
        found = re.search(r'name="traffic" value="([^"]*)"', browser.get(ADDRESS).content.decode())
        assert found
        return found[1]

    assert offered() == "100"
    make_experiment(traffic="0.8")
    assert offered() == "20"


def test_what_is_typed_saves_itself_and_says_when_and_how_much_is_missing(
    browser: Client, home: Placement
) -> None:
    answer = autosave(browser, ADDRESS, {"name": "Home", "traffic": "300"})

    sketch = Sketch.objects.get()
    assert answer["HX-Replace-Url"] == f"/new-experiment/{sketch.pk}/setup/"
    assert (sketch.fields["name"], sketch.fields["traffic"]) == ("Home", "300")
    assert f'datetime="{sketch.saved_at.isoformat()}"' in answer.content.decode()
    assert "Draft saved" in words(answer)
    assert "2 fields to fill in or correct" in words(
        answer
    )  # traffic, and the placement was not sent
    assert not Experiment.objects.exists()


def test_a_half_filled_form_is_gone_on_with_from_the_list(
    browser: Client, home: Placement, person: User
) -> None:
    autosave(browser, ADDRESS, {"name": "Home <b>", "traffic": "300"})
    sketch = Sketch.objects.get()

    listed = browser.get("/experiments/").content.decode()
    page = browser.get(f"/new-experiment/{sketch.pk}/setup/").content.decode()

    assert f'href="/new-experiment/{sketch.pk}/setup/"' in listed
    assert "Home &lt;b&gt;" in listed
    assert "last typed by maya" in listed
    assert 'name="traffic" value="300"' in page
    assert error_of(page, "id_traffic") == "Give at most 100%."


def test_a_button_onward_says_what_is_wrong_and_one_back_does_not_ask(
    browser: Client, home: Placement
) -> None:
    onward = send(browser, ADDRESS, {"name": "", "traffic": "300"})
    address = f"/new-experiment/{Sketch.objects.get().pk}/setup/"
    away = send(browser, address, {"name": "", "traffic": "300"}, to="measurement")

    assert error_of(onward.content.decode(), "id_traffic") == "Give at most 100%."
    assert away["Location"].endswith("/measurement/")


def test_back_finds_everything_as_it_was_typed(browser: Client, typed: dict[str, Any]) -> None:
    variants = send(browser, ADDRESS, typed)["Location"]
    half = {"variants-TOTAL_FORMS": "2", "variants-0-recommender": "popular"} | {
        "variants-0-weight": "71",
        "variants-1-weight": "",
    }

    setup = send(browser, variants, half, to="back")["Location"]
    page = browser.get(setup).content.decode()
    again = browser.get(variants).content.decode()

    assert 'value="Learned ranking"' in page
    assert 'name="variants-0-weight" value="71"' in again
    assert '<option value="popular" selected' in again


def test_a_tick_that_is_taken_away_stays_away(browser: Client, typed: dict[str, Any]) -> None:
    address = send(browser, ADDRESS, typed, to="measurement")["Location"]
    send(browser, address, typed | {"cuped": "on", "lookback_days": "7"}, to="back")

    send(browser, address, typed, to="back", seen=1)

    assert Sketch.objects.get().fields["cuped"] == ""
    assert not re.search(r'name="cuped"[^>]*checked', browser.get(address).content.decode())


def test_the_review_of_what_is_not_whole_says_what_lacks_where(
    browser: Client, home: Placement
) -> None:
    review = send(browser, ADDRESS, {"name": "Home", "placement": home.pk, "traffic": "50"})
    address = review["Location"].replace("variants", "review")

    page = browser.get(address)

    assert "Not whole yet" in words(page)
    assert "Variants 2 fields to fill in or correct Fill in Variants" in words(page)
    assert "Setup 1 field" not in words(page)
    assert re.search(r'value="launch" disabled', page.content.decode())
    assert "Choose a recommender, or clear the weight." in words(
        browser.get(address.replace("review", "variants") + "?check")
    )


def test_a_step_that_was_filled_in_says_what_is_wrong_after_a_reload_too(
    browser: Client, home: Placement
) -> None:
    autosave(browser, ADDRESS, {"name": "Home", "placement": home.pk, "traffic": "50"})
    address = f"/new-experiment/{Sketch.objects.get().pk}/measurement/"
    assert error_of(browser.get(address).content.decode(), "id_planned_users") == ""

    measured = {"method": "sequential", "correction": "holm", "training_data": "own_arm"}
    typed = {"primary_metric": "ctr", "planned_users": "0", "confidence": "95"}
    autosave(browser, address, measured | typed)
    page = browser.get(address).content.decode()

    assert "Give a number of users from 200" in error_of(page, "id_planned_users")
    assert page.count('aria-invalid="true"') == 1


def test_a_whole_form_becomes_a_draft_with_one_entry_in_the_trail(
    browser: Client, typed: dict[str, Any]
) -> None:
    autosave(browser, ADDRESS, typed | {"name": "L"})

    sketch = Sketch.objects.get()
    walk(browser, typed, f"/new-experiment/{sketch.pk}/setup/")

    draft = Experiment.objects.get()
    assert draft.seed == sketch.seed  # the picture of the buckets was drawn by it
    assert not Sketch.objects.exists()
    assert [e.verb for e in AuditEntry.objects.filter(kind="experiment")] == ["create"]
    assert not PublishedPlan.objects.exists()


def test_a_browsers_back_leads_from_the_draft_to_its_steps(
    browser: Client, typed: dict[str, Any]
) -> None:
    autosave(browser, ADDRESS, typed)
    left = f"/new-experiment/{Sketch.objects.get().pk}/measurement/"
    walk(browser, typed, left.replace("measurement", "setup"))

    assert browser.get(left)["Location"] == "/experiments/learned-ranking/edit/measurement/"
    walk(browser, typed, "/experiments/learned-ranking/edit/setup/", last="launch")
    assert browser.get(left)["Location"] == "/experiments/learned-ranking/"


def test_the_last_step_starts_it(browser: Client, typed: dict[str, Any]) -> None:
    answer = walk(browser, typed, last="launch")

    assert answer["Location"] == "/experiments/learned-ranking/"
    assert Experiment.objects.get().status == "running"
    assert PublishedPlan.objects.exists()


def test_the_last_step_sets_a_time_for_the_start(browser: Client, typed: dict[str, Any]) -> None:
    walk(browser, typed | {"starts_at": "2199-12-01T08:00"}, last="schedule")

    draft = Experiment.objects.get()
    assert (draft.status, draft.starts_at) == ("draft", datetime(2199, 12, 1, 8, tzinfo=UTC))


def test_what_the_checklist_refuses_stays_a_draft_and_says_why(
    browser: Client, typed: dict[str, Any], make_experiment: Make
) -> None:
    make_experiment("Running", traffic="0.8")

    answer = walk(browser, typed, last="launch")
    page = words(browser.get(answer["Location"]))

    assert Experiment.objects.get(key="learned-ranking").status == "draft"
    assert "Layer home has 20% of its users free and this experiment wants 50%" in page
    assert "Not ready to start" in page


def test_the_later_of_two_people_is_told_and_chooses(browser: Client, home: Placement) -> None:
    autosave(browser, ADDRESS, {"name": "Home"})
    address = f"/new-experiment/{Sketch.objects.get().pk}/setup/"
    autosave(browser, address, {"name": "Hers"}, page="hers", seen=1)

    told = autosave(browser, address, {"name": "Mine"}, page="mine", seen=1)
    asked = send(browser, address, {"name": "Mine"}, page="mine", seen=1)

    for answer in (told, asked):
        assert "maya saved this step after you opened it." in words(answer)
    assert 'value="Mine"' in asked.content.decode()
    assert 'name="seen" id="seen" value="1"' in asked.content.decode()
    assert Sketch.objects.get().fields["name"] == "Hers"

    send(browser, address, {"name": "Mine", "mine": "1"}, page="mine", seen=1)

    assert Sketch.objects.get().fields["name"] == "Mine"


def test_an_edit_is_kept_beside_the_draft_until_it_is_whole(
    browser: Client, make_experiment: Make
) -> None:
    draft = make_experiment("Old", running=False)
    edit = f"{draft.get_absolute_url()}edit/"

    send(browser, edit, {"name": "", "placement": draft.placement_id, "traffic": "10"})
    close = send(browser, edit, {"name": "", "traffic": "10"}, to="close", seen=1)

    assert close["Location"] == "/experiments/"
    draft.refresh_from_db()
    assert (draft.name, draft.version) == ("Old", 1)
    assert "Changes that maya typed are not part of the draft yet." in words(
        browser.get(draft.get_absolute_url())
    )
    assert 'name="name" value=""' not in browser.get(edit).content.decode()  # shown as typed: empty
    assert Sketch.objects.get().fields["name"] == ""


def test_walking_through_a_draft_without_a_change_changes_nothing(
    browser: Client, make_experiment: Make
) -> None:
    draft = make_experiment("Old", running=False)
    address = f"{draft.get_absolute_url()}edit/"

    page = browser.get(address)
    fields = dict(page.context["place"].fields)
    walk(browser, fields, address)

    draft.refresh_from_db()
    assert draft.version == 1
    assert not Sketch.objects.exists()


def test_a_draft_that_was_changed_meanwhile_is_not_overwritten_unasked(
    browser: Client, make_experiment: Make
) -> None:
    draft = make_experiment("Old", running=False)
    address = f"{draft.get_absolute_url()}edit/"
    fields = dict(browser.get(address).context["place"].fields)
    send(browser, address, fields | {"hypothesis": "Mine."}, to="variants")
    rename(draft, "By another")

    told = send(browser, f"{address}setup/", fields | {"hypothesis": "Mine."}, to="close", seen=1)

    assert "The draft itself was changed after these changes were begun." in words(told)
    draft.refresh_from_db()
    assert (draft.name, draft.hypothesis) == ("By another", "")

    send(
        browser,
        f"{address}setup/",
        fields | {"hypothesis": "Mine.", "mine": "1"},
        to="close",
        seen=1,
    )

    draft.refresh_from_db()
    assert (draft.name, draft.hypothesis) == ("Old", "Mine.")


def rename(draft: Experiment, name: str) -> None:
    drafts.change_draft(
        draft,
        drafts.Draft(
            name=name,
            placement=draft.placement,
            variants=[
                VariantSpec(recommender=v.recommender, weight=v.weight, key=v.key)
                for v in draft.variants.all()
            ],
            measurement=draft.measured,
            traffic=draft.traffic,
        ),
        now=START,
        actor=Actor("another"),
    )


def test_whoever_types_while_it_is_started_is_told(browser: Client, make_experiment: Make) -> None:
    draft = make_experiment("Old", running=False)
    address = f"{draft.get_absolute_url()}edit/setup/"
    start_experiment(draft, now=START)

    said = autosave(browser, address, {"name": "New"})
    sent = send(browser, address, {"name": "New"}, follow=True)

    for answer in (said, sent):
        assert "What you typed is not saved." in words(answer)
    draft.refresh_from_db()
    assert draft.name == "Old"


def test_a_form_can_be_discarded(browser: Client, home: Placement) -> None:
    autosave(browser, ADDRESS, {"name": "Home"})
    sketch = Sketch.objects.get()

    browser.post(f"/new-experiment/{sketch.pk}/discard/")
    gone = browser.get(f"/new-experiment/{sketch.pk}/setup/", follow=True)

    assert not Sketch.objects.exists()
    assert "This was saved as a draft or discarded meanwhile." in words(gone)


def test_changes_of_a_draft_can_be_discarded(browser: Client, make_experiment: Make) -> None:
    draft = make_experiment("Old", running=False)
    autosave(browser, f"{draft.get_absolute_url()}edit/", {"name": "New"})

    browser.post(f"{draft.get_absolute_url()}edit/discard/")

    assert not Sketch.objects.exists()
    assert Experiment.objects.get().name == "Old"


def test_there_is_no_other_step(browser: Client, home: Placement) -> None:
    autosave(browser, ADDRESS, {"name": "Home"})

    assert browser.get(f"/new-experiment/{Sketch.objects.get().pk}/x/").status_code == 404


PICTURE = "/new-experiment/buckets/"


def arms(recommenders: str, weights: str) -> dict[str, str]:
    pairs = list(zip(recommenders.split(), weights.split(), strict=True))
    return {"variants-TOTAL_FORMS": str(max(2, len(pairs)))} | {
        f"variants-{n}-{part}": typed
        for n, (recommender, weight) in enumerate(pairs)
        for part, typed in (("recommender", recommender), ("weight", weight))
    }


@pytest.fixture
def begun(browser: Client, typed: dict[str, Any]) -> Sketch:
    """A form whose first step is filled in, with half of the layer."""
    send(browser, ADDRESS, typed)
    return Sketch.objects.get()


def test_the_picture_follows_the_weights_as_they_are_typed(browser: Client, begun: Sketch) -> None:
    asked = {"sketch": str(begun.pk)} | arms("popular item-knn", "70 30")

    page = browser.get(PICTURE, asked)

    assert "popular 0 to 6,999 35%" in words(page)
    assert "item-knn 7,000 to 9,999 15%" in words(page)
    assert 'd="M0 0h700v160h-700z"' in page.content.decode()
    assert Sketch.objects.get().fields.get("variants-0-weight", "50") == "50"


def test_new_users_that_nobody_counted_can_be_counted_beside_the_picture(
    browser: Client, begun: Sketch, home: Placement
) -> None:
    asked = {"sketch": str(begun.pk)} | arms("popular item-knn", "70 30")
    address = "/new-experiment/newcomers/"
    page = browser.get(PICTURE, asked)
    assert "New users a day were not counted yet. Count them now" in words(page)

    counting = browser.post(address, {"placement": home.pk})
    assert PlacementBaseline.objects.get().is_awaited
    assert "The log is being counted." in words(counting)
    assert 'hx-trigger="every 3s"' in counting.content.decode()

    baselines.store(home, counted(), now=timezone.now())
    done = browser.get(address, {"placement": home.pk})
    assert "New users a day are those of the last days, counted" in words(done)
    assert "Count anew" in words(done)
    assert done["HX-Trigger-After-Settle"] == "looked"  # which draws the picture anew
    assert "every 3s" not in done.content.decode()
    assert "popular 0 to 6,999 35% 350" in words(browser.get(PICTURE, asked))

    baselines.store(home, counted(new_users=()), now=timezone.now())
    early = words(browser.get(PICTURE, asked))
    assert "the log holds no whole day of home yet" in early
    assert "popular 0 to 6,999 35% not known yet" in early


def test_newcomers_are_of_a_placement(browser: Client, home: Placement) -> None:
    answer = browser.get("/new-experiment/newcomers/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert browser.post("/new-experiment/newcomers/", {"placement": "x"}).status_code == 404
    assert not PlacementBaseline.objects.exists()


def test_the_picture_says_what_the_weights_lack(browser: Client, begun: Sketch) -> None:
    page = browser.get(PICTURE, {"sketch": str(begun.pk)} | arms("popular item-knn", "70 40"))

    assert "The weights sum to 110.00%." in words(page)


def test_the_searched_user_stands_where_routing_will_put_them(
    browser: Client, begun: Sketch, typed: dict[str, Any]
) -> None:
    """Of twenty users each is in the arm, or outside for the reason, that the picture said."""
    weights = arms("popular item-knn", "60 40")
    said = {}
    for n in range(20):
        page = browser.get(PICTURE, {"sketch": str(begun.pk), "look-user": f"u{n}"} | weights)
        said[f"u{n}"] = (page.context["looked"]["letter"], page.context["looked"]["mark"].bucket)

    walk(browser, typed, f"/new-experiment/{begun.pk}/setup/", last="launch")

    letters = {"popular": "A", "item-knn": "B", None: ""}
    stands = {user: standings(building.build(1), user)[0] for user in said}
    assert said == {user: (letters[one.variant], one.bucket) for user, one in stands.items()}
    assert {letter for letter, _ in said.values()} == {"A", "B", ""}


def test_the_picture_says_whom_the_layer_lets_in(
    browser: Client, begun: Sketch, make_experiment: Make
) -> None:
    make_experiment("Other", traffic="0.3")
    asked = {"sketch": str(begun.pk)} | arms("popular item-knn", "50 50")

    page = browser.get(PICTURE, asked)

    said = "50% of layer home take part, 30% are held by other experiments, 20% see no arm"
    assert said in words(page)
    [part] = page.context["layers"]
    sizes = [(one.size, one.tone) for one in part.bar]
    assert sizes == [(3_000, "held-2"), (5_000, "mine"), (2_000, "outside")]


def test_the_marker_of_a_user_who_sees_no_arm_says_so(browser: Client, begun: Sketch) -> None:
    for n in range(20):
        asked = {"sketch": str(begun.pk), "look-user": f"u{n}"}
        page = browser.get(PICTURE, asked | arms("popular item-knn", "50 50"))
        letter = page.context["looked"]["letter"]
        outside = letter == ""
        assert ("bucket-mark is-out" in page.content.decode()) is outside
        assert ("sees no arm" in words(page)) is outside
        assert outside or f": {letter}</span>" in page.content.decode()


def test_the_picture_of_a_draft_knows_its_overrides(browser: Client, make_experiment: Make) -> None:
    draft = make_experiment("Old", running=False)
    Override.objects.create(experiment=draft, variant=draft.variants.all()[1], user="qa-1")

    page = browser.get(PICTURE, {"draft": draft.key, "look-user": "qa-1"})

    assert page.context["looked"]["letter"] == "B"
    assert "qa-1 has bucket" in words(page)
    assert "sees it by an override" in words(page)


def test_slates_ask_for_a_recommender_and_a_user_first(browser: Client, begun: Sketch) -> None:
    empty = browser.get("/new-experiment/slates/", {"sketch": str(begun.pk)})
    nobody = browser.get(
        "/new-experiment/slates/", {"sketch": str(begun.pk)} | arms("popular item-knn", "50 50")
    )

    assert "Choose a recommender, and this shows its slate." in words(empty)
    assert "Type a user's id, or press Another user." in words(nobody).replace("&#x27;", "'")
