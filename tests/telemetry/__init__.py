"""What operators see, and what they must never see."""
