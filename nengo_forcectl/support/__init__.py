"""What every floor may use: validation, files, progress; nothing public."""
