"""Figures inside the page: several SVGs in one document, each with its values where they are drawn."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ablate import escaping
from ablate.report.page.blocks import Point

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_GEOMETRY = {"d", "x", "y"}  # attributes that hold most of a figure's bytes, in units of the viewBox
_FINE = re.compile(r"\d+\.\d{3,}")
_WRITTEN = {"text", "tspan", "title", "style"}  # elements in which white space counts
RADIUS = 5.0  # of the ring around a point, in units of the viewBox, which are points of print


def inlined(svg: str, prefix: str, alt: str, points: Sequence[Point] = ()) -> str:
    """An SVG file as an element of an HTML page: `<svg …>` alone, its text as it was.

    Ids and what refers to them get the prefix, since all elements of a page share one space of names; its style sheet speaks
    only of itself; its height follows from its width; places are rounded to hundredths. What is left out: prolog, metadata,
    comments, scripts, and white space that is not seen.

    Args:
        prefix: letters, digits and hyphens; another one for each figure of the page.
        alt: what a screen reader says in place of the figure.
        points: each becomes a ring that shows its text when it is pointed at.
    """
    root = ET.fromstring(svg)
    _dropped(root, {"metadata", "script"})
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(name): _renamed(_local(name), value, prefix) for name, value in element.attrib.items()}
        if element.tag == "style":
            element.text = re.sub(r"(^|\})\s*(?=[^}\s])", rf"\1#{prefix}svg ", element.text or "")
        if element.tag not in _WRITTEN:
            element.text = None
        if element.tag != "tspan":
            element.tail = None
    root.attrib.pop("height", None)
    root.attrib |= {"id": f"{prefix}svg", "role": "img", "aria-label": escaping.html(alt)}
    if points:
        rings = ET.SubElement(root, "g", {"class": "points"})
        for point in points:
            ring = ET.SubElement(rings, "circle", {"cx": f"{point.x:.1f}", "cy": f"{point.y:.1f}", "r": f"{RADIUS:g}"})
            ET.SubElement(ring, "title").text = escaping.html(point.text)
    return ET.tostring(root, encoding="unicode")


def _dropped(element: ET.Element, tags: set[str]) -> None:
    for child in list(element):
        if _local(child.tag) in tags:
            element.remove(child)
        else:
            _dropped(child, tags)


def _local(name: str) -> str:
    """A name without its namespace, as HTML wants it."""
    return name.rpartition("}")[2]


def _renamed(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    if name in _GEOMETRY:
        return _FINE.sub(lambda found: f"{float(found[0]):.2f}", " ".join(value.split()))
    return _REFERENCE.sub(rf"url(#{prefix}\1)", value)
