"""The folder of an investigation: tables, ledger, log. The only place that knows paths."""
