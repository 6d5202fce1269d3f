"""The store on real databases: what a fake cannot show."""
