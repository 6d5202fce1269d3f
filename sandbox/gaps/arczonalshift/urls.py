"""Where moto's server finds ARC zonal shift."""

from sandbox.gaps.arczonalshift.responses import ArcZonalShiftResponse

url_bases = [r"https?://arc-zonal-shift\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/.*$": ArcZonalShiftResponse.dispatch}
