"""The ledger as a page: who did what, when, and what was refused."""
