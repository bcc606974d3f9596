"""Files, folders and streams to blocks and batches of lines; what is known already."""
