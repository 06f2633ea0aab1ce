"""The table of contents: the log by year, month, week, day and segment, each summarised."""
