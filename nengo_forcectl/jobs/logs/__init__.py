"""`nengo-forcectl replay`, `identify` and `payload`: logs of real robots."""
