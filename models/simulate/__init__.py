"""Simulated marketplaces with known truth: applicants x card offers, and goods on many surfaces."""
