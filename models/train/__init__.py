"""Trains ranking models: CSV in, the trained-weights folder of the packer out. See README.md."""
