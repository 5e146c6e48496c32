"""Ways to run Lianxin: on one machine without Docker, with compose, on Kubernetes."""
