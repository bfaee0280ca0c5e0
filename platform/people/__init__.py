"""Who works with Winnow: people and their roles, who acts, and the trail of what was done."""
