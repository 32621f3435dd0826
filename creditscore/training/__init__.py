"""From a data set to fitted and calibrated scorecards; never imported by the service."""
