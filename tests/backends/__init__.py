"""What users see of backends: which one is in use, its threads, its plans and their times."""
