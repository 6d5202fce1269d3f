"""HTTP in, HTML out: one folder per area, each with views, forms and a pure page model."""
