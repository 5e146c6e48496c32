"""Decisions of dispatch, pure: state, context and message in; state and events out."""
