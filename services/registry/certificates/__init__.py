"""Certificates of service hours (志愿服务证明): issued from records, verified by anybody."""
