"""The AWS gateways: the only place that knows botocore. Dictionaries stop here."""
