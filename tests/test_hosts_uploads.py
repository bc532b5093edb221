"""Uploaded files in the shapes of the frameworks; that they arrive over HTTP is in test_hosts."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from tests.material_samples import png

from conferencekit import Refused
from conferencekit.secretariat import Accepted
from conferencekit.secretariat.uploads import Upload, uploads_from
from conferencekit.testing.secretariat import SecretariatForTests

PNG = png()


def werkzeug(name: str, data: bytes):
    from werkzeug.datastructures import FileStorage, MultiDict

    file = FileStorage(io.BytesIO(data), filename=name, name="materials", content_type="image/png")
    return MultiDict([("materials", file)])


def starlette(name: str, data: bytes):
    from starlette.datastructures import FormData, Headers, UploadFile

    file = UploadFile(io.BytesIO(data), filename=name, headers=Headers({"content-type": "image/png"}))
    return FormData([("materials", "a text of the same name"), ("materials", file)])


def django(name: str, data: bytes):
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils.datastructures import MultiValueDict

    return MultiValueDict(
        {"materials": [SimpleUploadedFile(name or "dropped", data, "image/png")] if name else []}
    )


def aiohttp(name: str, data: bytes):
    return {
        "materials": SimpleNamespace(
            name="materials", filename=name, file=io.BytesIO(data), content_type="image/png"
        )
    }


def plain(name: str, data: bytes):
    return {"materials": [(name, io.BytesIO(data), "image/png")]}


def own(name: str, data: bytes):
    return {"materials": Upload(filename=name, content_type="image/png", stream=io.BytesIO(data))}


SHAPES = [werkzeug, starlette, django, aiohttp, plain, own]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_any_framework_has_name_type_and_bytes(shape):
    """One shape behind all of them."""
    (found,) = uploads_from(shape("carte.png", PNG), "materials")
    assert (found.filename, found.content_type, found.stream.read()) == ("carte.png", "image/png", PNG)
    assert found.stream.seekable()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_file_input_is_no_file(shape):
    """Werkzeug's empty file even has a `name`: that of the field."""
    assert uploads_from(shape("", b""), "materials") == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_files_of_other_fields_are_not_looked_at(shape):
    """Only those asked for."""
    assert uploads_from(shape("carte.png", PNG), "portrait") == ()


@pytest.mark.parametrize(
    "files",
    [None, {}, {"materials": None}, {"materials": []}, {"materials": "a.png"}, {"materials": [b"x", 7]}],
)
def test_what_is_no_file_is_none(files):
    """Nothing, or a text where a file belongs."""
    assert uploads_from(files, "materials") == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_files_of_every_framework_reach_the_blob_store(shape):
    """Checked, stored whole, and none left behind when refused."""
    answers = {"topic-1": "Tests.", "language": "en", "quote": "no", "publish": "no"}
    person = {"full_name": "Ada", "email": "ada@example.org", "country": "GB", "consent": "yes"}
    with SecretariatForTests() as secretariat:
        ada = secretariat.acting("tests").register(person).registration.id
        assert isinstance(secretariat.contributions.submit(ada, answers, files=shape("a.pdf", PNG)), Refused)
        found = secretariat.contributions.submit(ada, answers, files=shape("a.png", PNG))
        assert isinstance(found, Accepted)
        (material,) = found.contribution.latest.materials
        assert (material.name, material.size) == ("a.png", len(PNG))
