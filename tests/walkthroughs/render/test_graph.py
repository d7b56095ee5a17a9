"""Pictures of states and of calls: every word is there, and nothing is markup."""

from xml.etree import ElementTree

from walkthroughs.render.graph import Arrow, Layer, module_map, states

SPACE = {"s": "http://www.w3.org/2000/svg"}
BOXES = {"OPEN": "it <is> open", "SHUT": "it is not"}
ARROWS = (
    Arrow("OPEN", "SHUT", "close & lock", 8),
    Arrow("SHUT", "OPEN", "open"),
    Arrow("SHUT", "SHUT", "knock"),
)
LAYERS = [Layer("Above", [["OPEN"]]), Layer("Below", [["SHUT"]])]


def read(picture: str) -> ElementTree.Element:
    """The SVG within the part of the page that scrolls."""
    assert picture.startswith('<div class="wt-drawing" role="group" tabindex="0"')
    return ElementTree.fromstring(
        picture[picture.index("<svg") :].removesuffix("</div>")
    )


def texts(tree: ElementTree.Element) -> list[str | None]:
    return [each.text for each in tree.iter(f"{{{SPACE['s']}}}text")]


def test_states_have_their_meanings_and_what_leads_on() -> None:
    tree = read(states(BOXES, ARROWS, "A door", "door"))
    words = texts(tree)
    assert set(words) == {*BOXES, *BOXES.values(), *(a.words for a in ARROWS)}
    assert tree.findtext("s:title", "", SPACE) == "A door"
    assert "OPEN to SHUT: close & lock" in tree.findtext("s:desc", "", SPACE)


def test_arrows_stay_within_the_picture() -> None:
    for picture in (
        states(BOXES, ARROWS, "A door", "door"),
        module_map(LAYERS, ARROWS[:2], "A map", "map"),
    ):
        tree = read(picture)
        width, height = (float(tree.attrib[each]) for each in ("width", "height"))
        for box in tree.iter(f"{{{SPACE['s']}}}rect"):
            assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
            assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height


def test_calls_that_go_up_are_told_from_those_that_go_down() -> None:
    tree = read(module_map(LAYERS, ARROWS, "A map", "map"))
    groups = tree.findall("s:g", SPACE)
    found = [
        (each.get("class"), *(part.text for part in each.findall("s:text", SPACE)))
        for each in groups
    ]
    assert found == [
        (None, "\u2193 SHUT", "8"),
        ("up", "\u2191 OPEN", "1"),
        (None, "\u2192 SHUT", "1"),
    ]
    assert groups[0].findtext("s:title", "", SPACE) == "OPEN calls SHUT: close & lock"


def test_a_module_map_has_a_band_around_the_boxes_of_each_layer() -> None:
    tree = read(module_map(LAYERS, ARROWS, "A map", "map"))
    bands = [
        (float(each.attrib["y"]), float(each.attrib["height"]))
        for each in tree.iter(f"{{{SPACE['s']}}}rect")
        if each.get("class") == "band"
    ]
    boxes = [
        (float(each.attrib["y"]), float(each.attrib["height"]))
        for each in tree.iter(f"{{{SPACE['s']}}}rect")
        if each.get("class") == "box"
    ]
    for (top, height), (y, tall) in zip(sorted(bands), boxes, strict=True):
        assert top < y
        assert y + tall < top + height


def test_a_picture_of_the_same_is_the_same() -> None:
    assert states(BOXES, ARROWS, "A", "a") == states(BOXES, ARROWS, "A", "a")
