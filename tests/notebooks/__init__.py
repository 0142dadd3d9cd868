"""What the notebooks promise a learner, checked."""
