"""The public names of the view, and where each lives."""

from .fitted_capsules import capsules_of as capsules_of
from .html_page import recorded_page as recorded_page
from .live import View as View
from .looks import Look as Look, looks_of as looks_of
from .shown import Shown as Shown
