"""Databases and caches that answer: each endpoint has an address of its own in 127/8, and takes connections exactly
while the sandbox says that what is behind it can be reached. A failover is then an outage that clients see.

Facts: aws-facts 1.1 and 2.4 (the name stays, who is behind it changes; connections break, new ones are refused until
the standby is promoted). Only `python -m sandbox` opens sockets (`serving`); without it, or where an address cannot be
bound, endpoints have names as on AWS, with nobody behind them.

Parts: `serving` starts, follows and ends, `addresses` remembers who has which, `present` says what there is and who
answers, `doors` listen, on one thread for all, `postgres` (in `pgwire`'s words) and `redis` speak, `certificate` is
what they show.
"""
