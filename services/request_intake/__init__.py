"""Request intake: takes residents' requests in, follows their way, asks whether it helped."""
