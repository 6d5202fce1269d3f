"""Environments: listed, made, edited, checked, archived; and their freeze windows."""
