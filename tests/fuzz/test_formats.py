"""Decoders of operators' formats: whatever comes, they give events or say why there are none."""

import json
from urllib.parse import urlencode

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from parking.ingest.connectors.connector import STANDARD
from parking.ingest.decoded import Decoded, NotDecodable
from parking.ingest.formats.fourpyun import is_signed
from parking.ingest.formats.message import Message
from parking.ingest.formats.paths import Found, compile_path
from parking.ingest.formats.scalars import TimeForm, Unreadable, number, text, truth, whole
from tests.fuzz.material import Json, changed, encoded, fuzz, texts, torn, values
from tests.ingest.formats.samples import NOW, SAMPLES, Sample

media = st.one_of(
    st.sampled_from(
        ["", "application/json", "text/csv", "text/csv; charset=gb18030", "text/csv;charset=utf-7",
         "multipart/form-data", "multipart/form-data; boundary=xYzBoundary", ";;;", "a; b; c=",
         "application/x-www-form-urlencoded", "text/csv; charset*=utf-8''x"]
    ),
    texts,
)  # fmt: skip
parts = st.sampled_from(["", "json", "csv", "enter", "leave", "space", "x"])
json_samples = [sample for sample in SAMPLES if sample.file.endswith(".json")]
readers = [sample.reader for sample in SAMPLES]
formats = [*(reader.decode for reader in readers), *STANDARD.values()]


def check(sample: Sample, message: Message) -> Decoded | None:
    try:
        decoded = sample.reader.decode(message)
    except NotDecodable:
        return None
    for event in decoded.events:
        msgspec.json.encode(event)
        assert {"type", "lot", "observed_at"} <= event.keys()
        assert TimeForm().read(event["observed_at"], NOW)
    for part in decoded.unread:
        assert part.reason
    return decoded


@fuzz
@given(sample=st.sampled_from(SAMPLES), media=media, part=parts, data=st.data())
def test_torn_messages(sample: Sample, media: str, part: str, data: st.DataObject) -> None:
    body = data.draw(torn(st.just(sample.path.read_bytes())))
    check(sample, Message(body, NOW, media, part))
    check(sample, Message(body, NOW, sample.media, sample.part))


@fuzz
@given(sample=st.sampled_from(SAMPLES), media=media, part=parts, body=st.binary(max_size=200))
def test_any_bytes(sample: Sample, media: str, part: str, body: bytes) -> None:
    check(sample, Message(body, NOW, media, part))
    is_signed(Message(body, NOW, media, part), "s" * 16)


@fuzz
@given(sample=st.sampled_from(json_samples), data=st.data())
def test_objects_that_are_nearly_right(sample: Sample, data: st.DataObject) -> None:
    right: Json = json.loads(sample.path.read_bytes())
    body = encoded(data.draw(changed(st.just(right))))
    message = Message(body, NOW, sample.media, sample.part)
    check(sample, message)
    is_signed(message, "s" * 16)


@fuzz
@given(sample=st.sampled_from(json_samples), value=values)
def test_any_json(sample: Sample, value: Json) -> None:
    check(sample, Message(encoded(value), NOW, sample.media, sample.part))
    inner = [value] if isinstance(value, str) else value
    check(sample, Message(encoded({"items": inner, "data": inner}), NOW, "", "json"))


@fuzz
@given(fields=st.dictionaries(texts, texts, max_size=6), data=st.data())
def test_any_form(fields: dict[str, str], data: st.DataObject) -> None:
    [form] = [sample for sample in SAMPLES if sample.file == "fourpyun/enter.form"]
    body = urlencode(fields, errors="surrogatepass").encode()
    whole_body = form.path.read_bytes() + b"&" + body
    for given_ in (body, whole_body, data.draw(torn(st.just(whole_body)))):
        message = Message(given_, NOW, form.media, data.draw(parts))
        check(form, message)
        is_signed(message, "s" * 16)


@fuzz
@given(value=values, form=st.sampled_from(["rfc3339", "unix", "unix_ms", "%Y-%m-%d %H:%M"]))
def test_single_values(value: Json, form: str) -> None:
    for read in (whole, number, truth, text, lambda value: TimeForm(form).read(value, NOW)):
        try:
            msgspec.json.encode(read(value))
        except Unreadable:
            continue
        except UnicodeEncodeError:  # half a pair of surrogates: no message has one
            assert isinstance(value, str)


@fuzz
@given(path=texts, value=values)
def test_any_path(path: str, value: Json) -> None:
    try:
        compiled = compile_path(path)
        many = compile_path(path + "[*]", many=True)
    except ValueError:
        return
    compiled.one(Found(value), value)
    list(many.all(value))
