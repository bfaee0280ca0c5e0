"""Commands that read files and print: no server, no database, and nothing kept in var/."""
