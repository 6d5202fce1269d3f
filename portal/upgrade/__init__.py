"""The guided path from single-AZ to Multi-AZ."""
