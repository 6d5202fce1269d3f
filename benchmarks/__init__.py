"""What docs/performance.md quotes: ratios measured in one run, each program runnable by itself."""
