"""Where photos and stores lie: on this machine, or behind an address such as s3://bucket/folder."""
