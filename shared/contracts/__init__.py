"""The published language of Lianxin: what services and units say to each other, and where.

One module a publisher. A payload's class names its type, version and kind; the envelope is
CloudEvents 1.0 in Kafka's binary binding. Additive change keeps the version; any other change is
a new class with the next version, and the old one stays readable for ever (see `catalog`).
"""
