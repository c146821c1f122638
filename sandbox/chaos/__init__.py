"""``make chaos``: thousands of orders while everything is broken from outside; afterwards nothing may be missing."""
