"""What plugins offer is used: form backends, types of fields, and formats of tables."""

from __future__ import annotations

import io
import json

import pytest
from attrs import evolve
from tests.material_samples import png

from conferencekit import Received, Refused, hookimpl
from conferencekit.adapters.html_forms import HtmlForms
from conferencekit.adapters.memory import MemoryStore
from conferencekit.adapters.memory_blobs import MemoryBlobStore
from conferencekit.adapters.memory_mailer import MemoryMailer
from conferencekit.document import conference_from_data, conference_from_text, conference_to_data
from conferencekit.errors import InvalidDocument, UnknownBackend
from conferencekit.form.fields import Field
from conferencekit.form.html import element
from conferencekit.form.issues import Issue
from conferencekit.form.rendering import RenderedForm
from conferencekit.secretariat.pages import Pages
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.text import LocalizedText

ADA = {
    "full_name": "Ada Example",
    "email": "ada@example.org",
    "country": "GB",
    "consent": "1",
    "password": "correct horse battery staple",
}


class PlainForms(HtmlForms):
    """Shows nothing but its hidden values, and reads JSON."""

    made = 0

    def __init__(self) -> None:
        PlainForms.made += 1

    def read(self, form, posted, *, files=None, draft=False):
        posted = json.loads(posted) if isinstance(posted, str) else posted
        return super().read(form, posted, files=files, draft=draft)

    def render(self, form, *, answers=None, issues=(), locale=None, hidden=None, action=""):
        words = f"plain {sorted(hidden or {})} {[each.code for each in issues]}"
        return RenderedForm(element("p", words), locale or "en", bool(issues))


def orcid(field: Field, answer: str) -> str | Issue:
    """Keeps the last part of an address, and wants sixteen characters."""
    number = answer.rsplit("/", 1)[-1].replace("-", "")
    if len(number) != 16:
        return Issue(field.name, "orcid", {"length": len(number)})
    return "-".join(number[at : at + 4] for at in range(0, 16, 4))


class Offers:
    """A plugin with one of each."""

    @hookimpl
    def conferencekit_register_form_backends(self, registry):
        registry.add("plain", PlainForms)

    @hookimpl
    def conferencekit_register_field_types(self, registry):
        registry.add("orcid", orcid)


def with_orcid(**changes):
    """A conference that asks for an identifier of a plugin's type."""
    conference = conference_for_tests()
    asked = Field(name="orcid", kind="text", subtype="orcid", label=LocalizedText.of("ORCID iD"), **changes)
    form = conference.registration.form
    plan = evolve(conference.registration, form=evolve(form, fields=[*form.fields, asked]))
    return evolve(conference, registration=plan)


class TestFormBackend:
    """It shows and reads the registration form, wherever that is."""

    def test_it_is_chosen_by_name_and_made_once(self):
        """The form, what was posted, and the errors go through it."""
        PlainForms.made = 0
        with SecretariatForTests(plugins=[Offers()], forms="plain") as made:
            assert str(made.form()) == "<p>plain [&#39;submission_id&#39;] []</p>"
            refused = made.register(json.dumps({**ADA, "email": "nobody"}))
            assert isinstance(refused, Refused)
            assert "[&#39;email&#39;]" in str(refused.form)
            assert isinstance(made.register(json.dumps(ADA)), Received)
            assert "<p>plain" in str(Pages(made).register().page)
            assert [each.name for each in made.registrations.find()] == ["Ada Example"]
        assert PlainForms.made == 1

    def test_an_object_does_as_well(self):
        """Without any plugin."""
        with SecretariatForTests(forms=PlainForms()) as made:
            assert str(made.form()).startswith("<p>plain")

    def test_an_unknown_one_is_an_error_at_the_start(self):
        """Not at the first form."""
        with pytest.raises(UnknownBackend, match="paper"):
            SecretariatForTests(forms="paper")


class TestFieldType:
    """It looks at an answer beyond the field's kind, whichever way it came in."""

    def test_it_keeps_what_it_made_of_an_answer(self):
        """For a form, an organiser's entry and an import alike."""
        with SecretariatForTests(with_orcid(), plugins=[Offers()]) as made:
            address = "https://orcid.org/0000-0002-1825-0097"
            assert isinstance(made.register({**ADA, "orcid": address}), Received)
            made.acting("Olga").register({**ADA, "email": "bob@example.org", "orcid": "0000000218250097"})
            found = [each.answers["orcid"] for each in made.registrations.find()]
        assert found == ["0000-0002-1825-0097"] * 2

    def test_what_it_refuses_is_shown_beside_the_field(self):
        """With general words where the catalogue has none, and in the order of the fields."""
        with SecretariatForTests(with_orcid(), plugins=[Offers()]) as made:
            refused = made.register({**ADA, "email": "", "orcid": "12"})
        assert [(each.path, each.code) for each in refused.issues] == [
            ("email", "required"),
            ("orcid", "orcid"),
        ]
        assert "Check your ORCID iD" in str(refused.form)

    def test_it_is_not_asked_about_nothing(self):
        """Whether an answer is required is said by the field."""
        with SecretariatForTests(with_orcid(required=False), plugins=[Offers()]) as made:
            assert isinstance(made.register(ADA), Received)
        with SecretariatForTests(with_orcid(), plugins=[Offers()]) as made:
            assert [each.code for each in made.register(ADA).issues] == ["required"]

    def test_a_type_that_nobody_offers_is_an_error_at_the_start(self):
        """And a document that asks for one does not come into force."""
        with pytest.raises(UnknownBackend, match="orcid"):
            SecretariatForTests(with_orcid())
        with SecretariatForTests() as made:
            made.register(ADA)
            with pytest.raises(UnknownBackend, match="orcid"):
                made.reload(with_orcid())
            assert made.conference == conference_for_tests()

    def test_a_document_names_it(self):
        """For text only."""
        conference = with_orcid()
        data = conference_to_data(conference)
        assert conference_from_data(data) == conference
        data["registration"]["fields"][-1]["kind"] = "country"
        with pytest.raises(InvalidDocument, match="Only text has a subtype"):
            conference_from_data(data)
        text = '[[registration.fields]]\nname = "a"\nkind = "text"\nlabel = "A"\nsubtype = "No type"\n'
        with pytest.raises(InvalidDocument, match=r"fields\[0\].subtype"):
            conference_from_text(f'[conference]\ntitle = "A"\ntimezone = "UTC"\n{text}', syntax="toml")


class Warehouse:
    """A plugin that offers a store, a mailer and a place for files, each under a scheme of its own."""

    def __init__(self) -> None:
        self.opened: dict[str, object] = {}

    def opening(self, make):
        """Opens with the whole URL, which is kept."""
        return lambda url: self.opened.setdefault(url, make())

    @hookimpl
    def conferencekit_register_stores(self, registry):
        registry.add("rack", self.opening(MemoryStore))

    @hookimpl
    def conferencekit_register_mailers(self, registry):
        registry.add("pigeon", self.opening(MemoryMailer))

    @hookimpl
    def conferencekit_register_blob_stores(self, registry):
        registry.add("crate", self.opening(MemoryBlobStore))


def test_stores_mailers_and_places_for_files_are_chosen_by_url():
    """A registration lies in the store, its mail at the mailer, its file in the blob store."""
    plugin = Warehouse()
    urls = {"store": "rack:one", "mailer": "pigeon:two", "blobs": "crate:three"}
    with SecretariatForTests(plugins=[plugin], **urls) as made:
        made.register(ADA)
        assert made.deliver().sent == 1
        upload = {"materials": [("a.png", io.BytesIO(png()), "image/png")]}
        (person,) = made.registrations.find()
        answers = {"topic-1": "x", "language": "en", "quote": "no", "publish": "no"}
        (material,) = made.contributions.submit(
            person.id, answers, files=upload
        ).contribution.editing.materials
        store, mailer, blobs = (plugin.opened[url] for url in urls.values())
        assert len(store.find("testing", "registration", "state", "confirmed", limit=9)[0]) == 1
        assert [b"ada@example.org" in each.data for each in mailer.messages] == [True]
        assert blobs.open(material.sha256).read() == png()
