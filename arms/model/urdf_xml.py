"""A URDF's text as XML: as strict as the standard, but for what ROS's own parser takes.

That one knows no namespaces and skips blanks before the declaration, so files have ``drake:`` or
``gazebo:`` prefixes that they do not declare, and begin with an empty line.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat.errors import XML_ERROR_UNBOUND_PREFIX, codes

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from arms.errors import UrdfError
from arms.model.urdf_text import DRAKE

_KNOWN = {"drake": DRAKE, "xacro": "http://www.ros.org/wiki/xacro"}
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]")
_DECLARED = re.compile(r"xmlns:([\w.-]+)")
_MOST = 20  # prefixes


def outer_element(text: str | bytes) -> Element:
    """The outer element, without document types or entities; ``UrdfError`` if it is not XML."""
    text = text.lstrip()
    try:
        try:
            return fromstring(text, forbid_dtd=True)
        except ParseError as error:
            if error.code != codes[XML_ERROR_UNBOUND_PREFIX]:
                raise
            return fromstring(_with_prefixes(text), forbid_dtd=True)
    except DefusedXmlException:
        raise UrdfError("document types and entities are not allowed in a URDF") from None
    except (ParseError, ValueError, LookupError) as error:
        raise UrdfError(f"not XML: {error}") from None


def _with_prefixes(text: str | bytes) -> str:
    """The text with its undeclared prefixes declared in its outer element."""
    text = text.decode() if isinstance(text, bytes) else text
    declared = {"xml", "xmlns", *_DECLARED.findall(text)}
    found = [p for p in dict.fromkeys(_PREFIX.findall(text)) if p not in declared]
    spaces = (f' xmlns:{p}="{_KNOWN.get(p, "urn:undeclared:" + p)}"' for p in found[:_MOST])
    return re.sub(r"<robot(?=[\s>])", lambda match: match[0] + "".join(spaces), text, count=1)
