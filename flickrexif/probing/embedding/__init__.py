"""Photos to embeddings: each decoded once for all encoders, written shard by shard."""
