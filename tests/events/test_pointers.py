from events.pointers import pointer


def test_a_pointer_escapes_what_has_a_meaning_in_pointers() -> None:
    assert pointer("exposures", 7, "a/b~c") == "/exposures/7/a~1b~0c"
    assert pointer() == ""
    assert pointer("") == "/"
