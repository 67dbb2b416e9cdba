"""Arms and seeds become runs, and runs become trainings; what they cost and what they can show."""
