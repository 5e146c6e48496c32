"""Joint organizations (区域性党组织): units of one area or trade serve together (policy, art. 6).

A lead and its members hold three lists: needs, resources, projects. A resource claimed for a need
is a project until it ends. Who dissolves, merges or splits hands on what is open.
"""
