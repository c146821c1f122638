"""The receiver: takes TikTok's webhooks and the seller's way back from authorization, keeps them in Redis, answers."""
