"""What this operator did, on disk: intents, outcomes, and settling those that were never answered."""
