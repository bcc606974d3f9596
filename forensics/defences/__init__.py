"""What a defender asks beyond a finding: what if, watch list, channels, targets, policies."""
