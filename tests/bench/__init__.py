"""`make bench`: how fast the product is beside the least that the same work costs in bare SQL.

A figure is measured in turn with its floor, round by round, in one process on one database, so that a busy
machine slows both. Medians are printed, one JSON line per figure.
"""
