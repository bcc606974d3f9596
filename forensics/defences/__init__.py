"""What a defender asks beyond a finding. Tables in, tables out: no room before commands knows a path, a clock or a log."""
