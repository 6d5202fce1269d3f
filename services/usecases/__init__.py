"""What Haven does for a person or a tick. Each use case asks permission first and speaks only to ports."""
