"""A PostgreSQL server, for whoever outgrows one machine: any number of bots on one database.

Connections are psycopg's blocking ones, on threads. Every job is a transaction of its own, and the server groups their
commits.
"""
