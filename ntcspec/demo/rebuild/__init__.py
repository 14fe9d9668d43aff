"""Optional rebuild steps of the demo inputs: minutes of computing with programs that ntcspec does not depend on.

Nothing here runs by default, and no other module imports it.
"""
