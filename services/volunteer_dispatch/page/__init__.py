"""The page on which people work: static files, and what it needs to show work in words."""
