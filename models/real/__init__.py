"""The product on real data: trains, packs, evaluates and reports. See README.md."""
