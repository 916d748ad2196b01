"""The verdict on one element where the chapter stands, and what it rests on."""
