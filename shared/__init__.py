"""What the services share: the published language and the runtime they stand on."""
