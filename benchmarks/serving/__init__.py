"""Parts of the intake benchmark: the claims it sends, the servers it sends them to, and the clients that send."""
