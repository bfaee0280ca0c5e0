"""What a scorecard says, in the words and shapes of a page. Nothing here computes a statistic."""
