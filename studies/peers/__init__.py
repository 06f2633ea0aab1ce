"""What a user would pick instead of strata: one small module a peer, behind the protocol in `peer`."""
