"""What a defender asks beyond a finding. Tables in, tables out: no path, no clock, no log."""
