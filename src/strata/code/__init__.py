"""Source trees as events: one module a step, from the files of a folder to the chunks in the log."""
