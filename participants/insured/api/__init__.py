"""The desk of an insured area over HTTP: approvals, and how a benefit was worked out."""
