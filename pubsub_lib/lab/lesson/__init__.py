"""What a notebook talks with: predictions, experiments, tables, verdicts, progress."""
