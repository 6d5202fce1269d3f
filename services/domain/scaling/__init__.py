"""Rules of scaling: what AWS decides and why, what a change would do, and whether it may be done. No I/O, no clock.

Time is counted in minutes since the epoch, UTC (`minute_of`), for CloudWatch's points are minutes.
"""
