"""Who is told of what happens to experiments: webhooks and e-mail, delivered at least once."""
