"""What staff read of people whom they care for, and what they write down: sessions, timelines, notes, labels."""
