"""What every floor may use: checks, files, progress; nothing public."""
