"""The full figures of what `make test` proves scaled: `make campaign` runs them and writes docs/campaigns/."""
