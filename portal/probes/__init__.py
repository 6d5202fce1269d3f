"""What a load balancer asks: alive, and able to serve."""
