"""What tests and the demo run against: a private stack of real servers, and a strict simulator of TikTok Shop."""
