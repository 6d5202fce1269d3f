"""Charts drawn on the server as SVG: pure functions from series of minutes to places, paths and words. Templates and
style sheets give them their look; nothing here knows a colour."""
