"""The six assets (六有) of an organization: a scorecard of recorded facts (policy, art. 4)."""
