"""What a defender asks beyond a finding: what if, watch list, canaries in one's own outputs."""
