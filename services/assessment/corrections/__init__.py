"""Corrections: a wrongly counted case or a disputed rating is re-judged, with who, when and why."""
