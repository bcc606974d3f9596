"""Log formats: one file each, found by forensics.plugins.discover."""
