"""`yidi demo --days N`: months of clearing in accelerated time, through everybody's own doors."""
