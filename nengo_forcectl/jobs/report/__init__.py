"""The report of a run, ``report.html``, and what it shares with the text that is printed."""
