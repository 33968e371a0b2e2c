"""JSON Schemas from servers, compiled so that neither they nor the values they check can stop a process."""

from .checker import Checker, Verdict, checker_of

__all__ = ["Checker", "Verdict", "checker_of"]
