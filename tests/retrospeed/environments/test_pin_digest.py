from types import SimpleNamespace

from retrospeed.pin_digest import fold

PINNED = {"numpy": "2.4.6", "torch": "2.13.0", "networkx": "3.6.1", "msgspec": "0.22.0"}


def conf(**settings):
    return SimpleNamespace(**{"matrix": {"req": {name: [version] for name, version in PINNED.items()}}, **settings})


def test_many_pins_become_one_digest_that_does_not_depend_on_their_order():
    folded = fold(PINNED, conf())
    assert list(folded) == ["pins"]
    assert folded == fold(dict(reversed(PINNED.items())), conf())


def test_another_pin_is_another_digest():
    assert fold(PINNED, conf()) != fold({**PINNED, "numpy": "2.4.5"}, conf())


def test_what_the_matrix_varies_keeps_its_name():
    varied = conf(matrix={"req": {**{name: [version] for name, version in PINNED.items()}, "numpy": ["1", "2"]}})
    assert fold({**PINNED, "numpy": "2", "rich": "15"}, varied)["numpy"] == "2"
    assert fold({**PINNED, "rich": "15"}, conf(include=[{"req": {"torch": "2.12.0"}}]))["torch"] == "2.13.0"


def test_a_matrix_in_the_old_form_is_understood():
    old = conf(matrix={**{name: [version] for name, version in PINNED.items()}, "numpy": ["1", "2"]})
    assert fold({**PINNED, "rich": "15"}, old)["numpy"] == "2.4.6"


def test_a_few_pins_are_spelled_out():
    few = {"numpy": "2.4.6", "rich": "15.0.0"}
    assert fold(few, conf()) == few
