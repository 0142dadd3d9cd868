"""JSON messages: what goes out comes back equal, and what would not is refused."""

import contextlib
import json
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import Message, Serializable
from pubsub_lib.codecs import Json, JsonMessage


@dataclass(frozen=True, slots=True)
class Letter(JsonMessage):
    content: object


@dataclass(frozen=True, slots=True)
class Registered(Letter):
    type: str


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)


def deliver[M: Serializable](message_type: type[M], message: M) -> M:
    """Do what a broker over a network does."""
    data = message.to_bytes()
    assert type(data) is bytes
    return message_type.from_bytes(data)


@given(json_values)
def test_what_json_knows_comes_back_equal_and_of_the_same_type(content):
    delivered = deliver(Letter, Letter(content))
    assert delivered == Letter(content)
    assert repr(delivered) == repr(Letter(content))


def test_a_base_class_reads_the_messages_of_its_subclasses():
    message = Registered("hello", type="express")
    assert deliver(Letter, message) == message
    assert type(deliver(Letter, message)) is Registered


def test_the_bytes_are_plain_json():
    assert json.loads(Letter("ä").to_bytes()) == {"Letter": {"content": "ä"}}


@pytest.mark.parametrize(
    "content", [object(), b"bytes", (1, 2), {1: "one"}, {1}, math.inf, -math.inf, math.nan, [(1,)]]
)
def test_what_would_not_come_back_as_it_is_is_refused_by_the_sender(content):
    with pytest.raises(ValueError, match="would not come back from JSON as it is; use strings"):
        Letter(content).to_bytes()


def test_a_circle_is_refused_by_the_sender():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="would not come back"):
        Letter(circle).to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"Letter",
        b"[]",
        b"null",
        b"{}",
        b'{"Letter": null}',
        b'{"Letter": {}}',
        b'{"Letter": {"content": 1, "more": 2}}',
        b'{"Letter": {"content": 1}, "Registered": {"content": 1, "type": "a"}}',
        b'{"Postcard": {"content": 1}}',
        b'{"object": {}}',
        b'{"Letter": {"content": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
def test_bytes_that_are_no_such_message_are_an_error(data):
    with pytest.raises(ValueError, match="is no Letter in JSON"):
        Letter.from_bytes(data)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_raise_anything_but_a_value_error(data):
    with pytest.raises(ValueError, match="is no Letter in JSON"):
        Letter.from_bytes(data)


def test_another_branch_of_the_family_is_refused():
    with pytest.raises(ValueError, match="is no Registered in JSON"):
        Registered.from_bytes(Letter("hello").to_bytes())


# --- A codec, for messages that cannot turn themselves into bytes ---


@dataclass(frozen=True)
class Order:
    number: int
    lines: list


@dataclass(frozen=True)
class Cancellation:
    number: int


@dataclass
class Total:
    parts: list
    amount: int = field(init=False)

    def __post_init__(self) -> None:
        self.amount = sum(self.parts)


@given(json_values)
def test_json_values_come_back_equal_and_of_the_same_type(value):
    delivered = Json().from_bytes(Json().to_bytes(value))
    assert delivered == value
    assert repr(delivered) == repr(value)


@given(st.integers(), st.lists(json_values))
def test_dataclasses_come_back_equal(number, lines):
    codec = Json(Order, Cancellation)
    for message in (Order(number, lines), Cancellation(number)):
        assert codec.from_bytes(codec.to_bytes(message)) == message


def test_a_field_that_the_class_works_out_itself_is_not_sent():
    codec = Json(Total)
    assert json.loads(codec.to_bytes(Total([1, 2]))) == {"Total": {"parts": [1, 2]}}
    assert codec.from_bytes(codec.to_bytes(Total([1, 2]))) == Total([1, 2])


@pytest.mark.parametrize("kind", [int, "Order", Order(1, []), None])
def test_what_is_no_dataclass_is_refused_as_a_kind(kind):
    with pytest.raises(TypeError, match="Json is given dataclasses"):
        Json(kind)


def test_two_kinds_of_one_name_are_refused():
    @dataclass
    class Order:
        number: int

    with pytest.raises(TypeError, match="one name"):
        Json(globals()["Order"], Order)


@pytest.mark.parametrize("message", [Cancellation(1), {"number": 1}, "text", Order])
def test_what_is_none_of_the_kinds_is_refused_by_the_sender(message):
    with pytest.raises(TypeError, match="is no Order, which is what is sent here"):
        Json(Order).to_bytes(message)


def test_a_subclass_is_another_kind():
    class Large(Order):
        pass

    with pytest.raises(TypeError, match="is no Order"):
        Json(Order).to_bytes(Large(1, []))


@pytest.mark.parametrize("value", [object(), b"bytes", (1,), {1: 1}, math.nan, Order(1, [])])
def test_what_is_no_plain_value_is_refused_by_the_sender(value):
    with pytest.raises(ValueError, match="would not come back from JSON as it is"):
        Json().to_bytes(value)
    with pytest.raises(ValueError, match="would not come back from JSON as it is"):
        Json(Order).to_bytes(Order(1, [value]))


@given(st.binary())
def test_no_bytes_raise_anything_but_a_value_error_from_a_codec(data):
    with pytest.raises(ValueError, match="is no Order in JSON"):
        Json(Order).from_bytes(data)
    with contextlib.suppress(ValueError):
        Json().from_bytes(data)


def test_bytes_that_are_too_deep_are_a_value_error():
    with pytest.raises(ValueError, match="is no JSON"):
        Json().from_bytes(b"[" * 100_000)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_json_does_not_know_are_refused(number):
    with pytest.raises(ValueError, match="is no JSON"):
        Json().from_bytes(f'["gold", {number}]'.encode())
    with pytest.raises(ValueError, match="is no Message in JSON"):
        Json(Message).from_bytes(f'{{"Message": {{"content": {number}}}}}'.encode())


def test_of_much_that_does_not_decode_the_error_shows_the_beginning():
    with pytest.raises(ValueError, match="is no JSON") as raised:
        Json().from_bytes(b"x" * 1_000_000)
    assert len(str(raised.value)) < 300
