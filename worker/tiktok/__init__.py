"""TikTok Shop's Open API: signing, authorization, typed calls and what their errors mean."""
