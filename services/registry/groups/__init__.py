"""Volunteer groups and service teams with skills (志愿服务队伍; MZ/T 061-2015 knows groups)."""
