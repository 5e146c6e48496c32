"""Units' own systems as the source of organizations and people: what they report on
`lianxin.units`, who owns what, and changes that were returned (issue 3, item 11).
"""
