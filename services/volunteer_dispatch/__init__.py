"""Volunteer dispatch: a task for each request, sent to the right people, never lost."""
