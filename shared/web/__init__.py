"""Web: app factory, problem details, authentication, paging."""
