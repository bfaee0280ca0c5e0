"""Files that people bring: their rows, their columns, and the commands that take them in."""
