"""What a defender asks beyond a finding: what if, watch list, canaries, channels, targets, policies."""
