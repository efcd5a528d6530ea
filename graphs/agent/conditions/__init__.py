"""Conditions in CEL, the Common Expression Language: `args.amount > 50`. The only room that knows which library
evaluates them.

What differs from the library's own: numbers of all kinds compare and add up exactly, as they are written; a condition
has a budget; a name that there is not is found when it is read. Whatever goes wrong is an `Unworkable` condition.
"""
