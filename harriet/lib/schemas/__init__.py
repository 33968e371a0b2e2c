"""JSON Schemas from servers, compiled so that neither they nor the values they check can stop a process."""

from harriet.lib.schemas.checker import Checker, Fit, checker_of
from harriet.lib.schemas.portable import why_not_portable

__all__ = ["Checker", "Fit", "checker_of", "why_not_portable"]
