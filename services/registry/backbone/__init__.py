"""The backbone (骨干队伍): secretaries' terms, vacancies, training (policy, art. 7)."""
