"""Takes a submission on its way to the replicas: performed, proved, kept, published, applied."""
