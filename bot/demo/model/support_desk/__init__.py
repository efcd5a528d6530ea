"""The support desk: everyday sentences about a shop's orders, in English with typing errors, and in German.

`words.py` puts a sentence into the desk's own words, `reading.py` finds out what it asks for, `answers.py` decides what
to call and to say, and `shop.py` is the only module of the model that knows the tools and what they tell.
"""
