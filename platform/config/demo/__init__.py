"""The demonstration: what a newcomer finds running, made once, through the product's own doors.

Each step looks at what is in the database and does what is missing, so an interrupted first run
goes on where it stopped and a later run does nothing. It lives in config because it joins the
simulator with the pipelines, which do not know each other.
"""
