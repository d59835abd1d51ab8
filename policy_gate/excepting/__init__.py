"""Making exceptions: waivers, their approvals and the baseline are drafted from what is found without any of them."""
