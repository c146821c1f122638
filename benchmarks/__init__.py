"""What is measured against what; the results are in docs/benchmarks.md."""
