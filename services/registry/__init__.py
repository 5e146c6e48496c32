"""The registry: areas, units, organizations, grids with their teams, people."""
