"""Jobs over the store that keep it bounded: partitions made ahead, expired ones dropped."""
