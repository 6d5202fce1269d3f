"""Workers killed, held up and outlived around every outside effect of an operation, in real processes."""
